/** What training stages tell the report: curves out of the log, and numbers in words. */
import { createHash } from "node:crypto";
import type { ReportSection } from "../../cli/plugin";
import type { MetricsLog } from "./metrics-log";
import type { SampleStore } from "./samples";

/** @param names metric → title; metrics that were never logged are left out */
export function curvesOf(log: MetricsLog, names: Record<string, string>): NonNullable<ReportSection["curves"]> {
  return Object.entries(names)
    .map(([metric, title]) => ({ title, x: "step", y: title, series: [{ name: metric, points: log.series(metric) }] }))
    .filter(({ series }) => series[0]!.points.length > 0);
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** What decides the coming steps of a run: its options and the samples it draws from. Checkpoints of another key are not resumed. */
export function runKey(options: Record<string, unknown>, store: SampleStore, seed: number): string {
  const { checkpointEvery: _c, logEvery: _l, validationCrops: _v, ...deciding } = options;
  return createHash("sha256")
    .update(JSON.stringify([deciding, store.ids, seed]))
    .digest("hex")
    .slice(0, 16);
}
