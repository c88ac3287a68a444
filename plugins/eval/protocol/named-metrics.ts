/** The metrics that a recipe names, of whatever plugin: each is asked about the first scene of every crop and condition, the one with texture. */
import { type Metric, type ReportSection, type ScoredCrop, UserError } from "../../../cli/plugin";
import { type CropWindow, windowMap } from "../../sample/api";
import type { Condition } from "./conditions";
import { type Coloured, trueScene } from "./pictures";
import type { Results } from "./results";
import { figure } from "./words";

/** `height_error_m_own_map`. */
function keyOf({ name }: Metric, condition: Condition): string {
  return `${name}_${condition}`;
}

/**
 * @returns by key of the run's metrics
 * @throws UserError naming metric and crop when one fails: it may be a plugin's of somebody else's
 */
export async function askMetrics(metrics: readonly Metric[], condition: Condition, crop: ScoredCrop): Promise<Record<string, number>> {
  const values: Record<string, number> = {};
  for (const metric of metrics) values[keyOf(metric, condition)] = await ask(metric, crop);
  return values;
}

/** What a metric is told of one drawn crop. */
export function scoredCrop(window: CropWindow, condition: Condition, drawn: Coloured): ScoredCrop {
  const { sample, extent, lattice } = window;
  return {
    ...{ crop: sample.record.id, condition: condition.replaceAll("_", " "), extent, voxel_m: lattice.voxel_m, map: windowMap(window) },
    ...{ truth: trueScene(window), drawn },
  };
}

/** A row a condition, a column a metric; none where no metric was named. */
export function metricTables(results: Results, metrics: readonly Metric[], conditions: readonly Condition[]): NonNullable<ReportSection["tables"]> {
  if (metrics.length === 0) return [];
  const cell = (metric: Metric, condition: Condition) => {
    const key = keyOf(metric, condition);
    return results.has(key) ? figure(results.mean(key)) : "–";
  };
  return [
    {
      title: "Further measures",
      sentence: "Of the first scene of each crop; in brackets the 95 % interval.",
      columns: ["drawn from", ...metrics.map(({ title }) => title)],
      rows: conditions.map((condition) => [condition.replaceAll("_", " "), ...metrics.map((metric) => cell(metric, condition))]),
    },
  ];
}

async function ask(metric: Metric, crop: ScoredCrop): Promise<number> {
  const where = `metric ${metric.name}, crop ${crop.crop}, drawn from ${crop.condition}`;
  const fix = "mend the plugin that has this metric, or take it out of evaluate.metrics";
  let value: unknown;
  try {
    value = await metric.measure(crop);
  } catch (cause) {
    throw new UserError({ what: `the metric failed: ${cause instanceof Error ? cause.message : cause}`, where, fix }, { cause });
  }
  if (typeof value !== "number") throw new UserError({ what: `the metric gave ${JSON.stringify(value)}, not a number`, where, fix });
  return value;
}
