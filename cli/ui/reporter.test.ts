import { describe, expect, test } from "bun:test";
import type { Io } from "../io";
import { makeReporter } from "./make-reporter";
import { bytes, clip, duration, harmless } from "./text";

function terminal(isTTY: boolean, env: Record<string, string> = {}, columns = 70) {
  let written = "";
  let now = 0;
  const stream = {
    isTTY,
    columns,
    write(text: string) {
      written += text;
    },
  };
  const io: Io = { stdin: { isTTY }, stdout: stream, stderr: stream, env, cwd: "/", now: () => now, monotonic: () => now };
  const pass = (ms: number) => {
    now += ms;
  };
  const resize = (width: number) => {
    stream.columns = width;
  };
  return { io, take: () => written, pass, resize };
}

const stage = { id: "train-texvae", title: "TexVAE", index: 2, count: 9, tasks: 1 };

const PLAIN = { json: false, quiet: false, verbose: false };

function story(isTTY: boolean, options = PLAIN, env = {}, columns = 70): string {
  const { io, take, pass } = terminal(isTTY, env, columns);
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
  for (const columns of [120, 45])
    test(`takes the room that a terminal of ${columns} columns has`, () => {
      const shown = story(true, PLAIN, {}, columns).replaceAll("\r\u001b[K", "⏎");
      expect(shown).toMatchSnapshot();
      expect(
        Math.max(
          ...shown
            .split(/[⏎\n]/)
            .filter((line) => line.startsWith("["))
            .map((line) => Bun.stringWidth(line)),
        ),
      ).toBeLessThan(columns - 2);
    });

  test("leaves room for numbers behind a long name, and counts wide letters twice", () => {
    const { io, take } = terminal(true, {}, 60);
    const ui = makeReporter(io, PLAIN);
    ui.stageProgress({ ...stage, id: "train-a-model-whose-name-does-not-end-so-soon" }, { done: 41, total: 100 });
    ui.stageProgress({ ...stage, id: "x" }, { done: 41, total: 100 }); // within the tenth of a second
    expect(take()).toBe("\r\u001b[K[2/9] train-a-model-whose… ████░░░░░░ 41/100");
    expect(Bun.stringWidth(clip("東京東京東京", 6))).toBe(5);
    expect(clip("東京東京東京", 6)).toBe("東京…");
  });

  test("speaks ASCII where the locale or the console has no more", () => {
    for (const env of [{ LC_ALL: "C" }, { LANG: "de_DE.ISO-8859-1" }, { TERM: "linux", LANG: "de_DE.UTF-8" }]) {
      const shown = story(true, PLAIN, env).replaceAll("\ufffd", "?");
      expect([...shown].filter((letter) => letter > "~")).toEqual([]);
      expect(shown).toContain("+ train-texvae: done in 1:04");
    }
    expect(story(true, PLAIN, { LANG: "C.utf8" })).toContain("✓");
  });

  test("clears all rows into which a narrower terminal has broken the line, where it is known to do so", () => {
    for (const [env, back] of [
      [{ TMUX: "/tmp/tmux-0/default,1,0" }, "\r\u001b[2A\u001b[J"],
      [{}, "\r\u001b[K"],
    ] as const) {
      const { io, take, pass, resize } = terminal(true, env, 100);
      const ui = makeReporter(io, PLAIN);
      ui.stageProgress(stage, { done: 41, total: 100, stageEta_s: 12, runEta_s: 400, note: "loss 1.250, 70 ms a step" });
      expect(Bun.stringWidth(take().replace("\r\u001b[K", ""))).toBeWithin(91, 98);
      const before = take().length;
      resize(40);
      pass(200);
      ui.stageProgress(stage, { done: 42, total: 100 });
      expect(take().slice(before)).toBe(`${back}[2/9] train-texvae 42/100`);
      ui.info("done");
      expect(take()).toEndWith("\r\u001b[Kdone\n[2/9] train-texvae 42/100");
    }
  });

  test("takes CI=false for none", () => expect(story(true, PLAIN, { CI: "false" })).toContain("\u001b"));

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
      expect(story(true, PLAIN, env)).not.toContain("\u001b");
    });

  test("asks nothing where nobody can answer", async () => {
    const { io } = terminal(false);
    expect(await makeReporter(io, PLAIN).confirm("Sure?", false)).toBe(false);
  });
});

test("durations, sizes and names read well", () => {
  expect([0, 0.04, 3.21, 9.96, 59.6, 65, 3723].map(duration)).toEqual(["0 s", "0.0 s", "3.2 s", "10 s", "1:00", "1:05", "1:02:03"]);
  expect([12, 1500, 2.5e6, 1.234e9].map(bytes)).toEqual(["1 kB", "2 kB", "3 MB", "1.23 GB"]);
  expect(harmless("a\u0007b\nc")).toBe("a\ufffdb\nc");
  expect(clip("abcdef", 4)).toBe("abc…");
});
