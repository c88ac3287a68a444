/** Writes `<run>/report/index.html` and `<run>/report/summary.json` from what the stages left, and from what was done by hand with their outputs. */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readRun } from "../../../cli/plugin";
import { attributionOf } from "./attribution";
import { byHand } from "./by-hand";
import { reportPage } from "./page";
import { summarize } from "./summary";

export async function writeReport(runDir: string): Promise<void> {
  const recorded = readRun(runDir);
  const run = { ...recorded, stages: [...recorded.stages, ...byHand(recorded)] };
  const reportDir = join(runDir, "report");
  mkdirSync(reportDir, { recursive: true });
  const summary = summarize(run, attributionOf(run));
  replace(join(reportDir, "summary.json"), `${JSON.stringify(summary, null, 2)}\n`);
  replace(join(reportDir, "index.html"), reportPage(run, summary, reportDir));
}

function replace(path: string, text: string): void {
  writeFileSync(`${path}.${process.pid}`, text);
  renameSync(`${path}.${process.pid}`, path);
}
