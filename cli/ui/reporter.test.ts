import { describe, expect, test } from "bun:test";
import type { Io } from "../io";
import { makeReporter } from "./make-reporter";
import { bytes, clip, duration, harmless } from "./text";

function terminal(isTTY: boolean, env: Record<string, string> = {}) {
  let written = "";
  let now = 0;
  const stream = {
    isTTY,
    columns: 70,
    write(text: string) {
      written += text;
    },
  };
  const io: Io = { stdin: { isTTY }, stdout: stream, stderr: stream, env, cwd: "/", now: () => now, monotonic: () => now };
  const pass = (ms: number) => {
    now += ms;
  };
  return { io, take: () => written, pass };
}

const stage = { id: "train-texvae", title: "TexVAE", index: 2, count: 9, tasks: 1 };

function story(isTTY: boolean, options = { json: false, quiet: false, verbose: false }, env = {}): string {
  const { io, take, pass } = terminal(isTTY, env);
  const ui = makeReporter(io, options);
  ui.stageStart(stage);
  pass(50);
  ui.stageProgress(stage, { done: 1, total: 100, note: "loss 2.000" }); // too soon for a line or a redraw
  pass(2000);
  ui.stageProgress(stage, { done: 41, total: 100, note: "loss 1.250", stageEta_s: 12, runEta_s: 400 });
  ui.warn("3 voxels lie outside \u001b[2J the crop");
  ui.debug("only when asked");
  pass(500);
  ui.stageProgress(stage, { done: 42, total: 100 });
  ui.stageEnd(stage, { status: "done", seconds: 64.2, peakMemory_bytes: 1.25e9 });
  ui.info("report: runs/r/report/index.html");
  ui.stageStart({ ...stage, id: "eval", index: 3 });
  ui.close();
  return take();
}

describe("the reporter", () => {
  test("writes plain lines to a pipe", () => expect(story(false)).toMatchSnapshot());
  test("redraws one line on a terminal and keeps what is worth keeping", () => expect(story(true).replaceAll("\r\u001b[K", "⏎")).toMatchSnapshot());
  test("writes JSON lines under --json", () => {
    const lines = story(true, { json: true, quiet: false, verbose: true }).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).event)).toEqual([
      "stage-start",
      "stage-progress",
      "stage-progress",
      "warning",
      "debug",
      "stage-end",
      "info",
      "stage-start",
    ]);
  });
  test("says only warnings when quiet", () =>
    expect(story(false, { json: false, quiet: true, verbose: false })).toBe("warning: 3 voxels lie outside \ufffd[2J the crop\n"));

  for (const env of [{ NO_COLOR: "1" }, { CI: "true" }, { TERM: "dumb" }])
    test(`sends no cursor codes with ${JSON.stringify(env)}`, () => {
      expect(story(true, { json: false, quiet: false, verbose: false }, env)).not.toContain("\u001b");
    });

  test("asks nothing where nobody can answer", async () => {
    const { io } = terminal(false);
    expect(await makeReporter(io, { json: false, quiet: false, verbose: false }).confirm("Sure?", false)).toBe(false);
  });
});

test("durations, sizes and names read well", () => {
  expect([0, 0.04, 3.21, 9.96, 59.6, 65, 3723].map(duration)).toEqual(["0 s", "0.0 s", "3.2 s", "10 s", "1:00", "1:05", "1:02:03"]);
  expect([12, 1500, 2.5e6, 1.234e9].map(bytes)).toEqual(["1 kB", "2 kB", "3 MB", "1.23 GB"]);
  expect(harmless("a\u0007b\nc")).toBe("a\ufffdb\nc");
  expect(clip("abcdef", 4)).toBe("abc…");
});
