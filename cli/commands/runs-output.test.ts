/** What `runs ls` and `runs show` print of a run with a finished, a running and an interrupted training. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type RunRecord, readRun, type StageStatus } from "../runs/record";
import { curveCharts, listRuns, runTable, stageTable } from "./runs-output";

const dir = mkdtempSync(join(tmpdir(), "earthcraft-runs-"));
afterAll(() => rmSync(dir, { recursive: true }));

function write(name: string, text: string): void {
  mkdirSync(dirname(join(dir, name)), { recursive: true });
  writeFileSync(join(dir, name), text);
}

const stage = (id: string, status: StageStatus["status"], more: Partial<StageStatus> = {}): StageStatus => ({
  id,
  stage: id,
  title: id,
  dir: id,
  status,
  key: "0",
  ...more,
});
const run: Partial<RunRecord> = {
  title: "A \u001b[31mtown\nof two lines",
  recipe: "/home/me/town.yaml",
  updated: "2026-11-25T09:58:12.000Z",
  stages: [
    stage("split", "done", { seconds: 0.2, peakMemory_bytes: 62e6 }),
    stage("train-structvae", "done", { seconds: 67, peakMemory_bytes: 586e6 }),
    stage("train-texvae", "running"),
    stage("train-texfm", "interrupted", { seconds: 4 }),
    stage("evaluate", "failed", { error: { what: "no crops\u0007", exit: 65 } }),
    stage("train-classsfm", "waiting"),
  ],
};
write("runs/town/run.json", JSON.stringify(run));
const metrics = { accuracy: 0.49061, accuracy_union: 0.4855, iou: 0.2495, keep_all_iou: 0.5156, majority_accuracy: 0.4844, validation_crops: 1 };
write("runs/town/train-structvae/stage.json", JSON.stringify({ schema: "earthcraft/stage@1", metrics, items: [] }));
const line = (step: number, loss: number) => `${JSON.stringify({ step, loss, lr: 0.001 })}\n`;
const steps = Array.from({ length: 40 }, (_, i) => i * 10);
write("runs/town/train-structvae/metrics.jsonl", steps.map((step) => line(step, 8 * 0.9 ** (step / 10) + 0.4)).join(""));
write(
  "runs/town/.scratch/train-texvae/metrics.jsonl",
  `${steps
    .slice(0, 9)
    .map((step) => line(step, 3 - step / 50))
    .join("")}{"step":90,"lo`,
); // being written
write("runs/town/.scratch/train-texfm/metrics.jsonl", line(0, 1.25));
// An earlier output, of other options, lies where the new one will: the curve is the one of now.
write("runs/town/train-texvae/metrics.jsonl", line(0, 1e6) + line(10, 1e6));
write("runs/empty/notes.txt", "");

const town = readRun(join(dir, "runs/town"));
const wide = { width: 72, clip: 100, unicode: true };
const harmlessText = (text: string) => expect([...text].filter((letter) => letter < " " && letter !== "\n")).toEqual([]);

describe("runs show", () => {
  test("lists stages, measures folded to the terminal, and what went wrong", () => {
    const shown = stageTable(town, wide);
    harmlessText(shown);
    expect(shown).toMatchSnapshot();
    expect(Math.max(...shown.split("\n").map((text) => text.length))).toBeLessThanOrEqual(100);
    expect(stageTable(town, { clip: Number.POSITIVE_INFINITY }).split("\n")).toHaveLength(1 + 7 + 1);
  });

  test("draws the curves of finished, running and interrupted training", () => expect(curveCharts(town, wide)).toMatchSnapshot());
  test("draws them in ASCII", () => {
    const shown = curveCharts(town, { ...wide, unicode: false });
    harmlessText(shown);
    expect(/^[ -~\n]*$/.test(shown)).toBe(true);
    expect(shown).toContain("train-texvae (running): loss 3 to 1.4 at step 80\n");
    expect(shown).toContain("train-texfm (interrupted): loss 1.25 at step 0");
  });
});

describe("runs ls", () => {
  test("shows how far each is, and how its training goes", () => {
    const runs = listRuns(dir, "runs");
    expect(runs.map(({ folder, done, stages, state }) => [folder, done, stages, state])).toEqual([["runs/town", 2, 6, "running"]]);
    const shown = runTable(runs, { ...wide, clip: 120 });
    harmlessText(shown);
    expect(shown).toMatchSnapshot();
    expect(
      runTable(runs, { ...wide, clip: 40 })
        .split("\n")
        .map((text) => text.length),
    ).toEqual([40, 40]);
    expect(runTable([], wide)).toBe("no runs here");
  });
});
