/** The metrics that a recipe names, of whatever plugin: each is asked about every crop as often as it was drawn. */
import { type Metric, type ReportSection, type ScoredCrop, type StageTask, UserError } from "../../../cli/plugin";
import { type CropWindow, windowMap, windowVoxels } from "../../sample/api";
import type { ChainResult } from "./chain";

export class NamedMetrics {
  /** Values by metric, then by condition. */
  readonly #values: ReadonlyMap<Metric, Map<string, number[]>>;

  constructor(metrics: readonly Metric[]) {
    this.#values = new Map(metrics.map((metric) => [metric, new Map()]));
  }

  static async load(task: Pick<StageTask<unknown>, "metric">, names: readonly string[]): Promise<NamedMetrics> {
    return new NamedMetrics(await Promise.all(names.map((name) => task.metric(name))));
  }

  /** @throws UserError naming metric and crop when one fails: it may be a plugin's of somebody else's */
  async measure(crop: ScoredCrop): Promise<void> {
    for (const [metric, byCondition] of this.#values) {
      const value = await ask(metric, crop);
      const list = byCondition.get(crop.condition) ?? [];
      if (!Number.isNaN(value)) list.push(value);
      byCondition.set(crop.condition, list);
    }
  }

  /** `height_error_m_own_map` → its mean; what has no value is left out. */
  means(): Record<string, number> {
    const named = [...this.#values].flatMap(([{ name }, byCondition]) =>
      [...byCondition].map(([condition, values]) => [`${name}_${condition.replaceAll(" ", "_")}`, mean(values)] as const),
    );
    return Object.fromEntries(named.filter(([, value]) => !Number.isNaN(value)));
  }

  /** A row a condition, a column a metric; none where no metric was named. */
  tables(): NonNullable<ReportSection["tables"]> {
    const metrics = [...this.#values.keys()];
    const conditions = [...new Set([...this.#values.values()].flatMap((byCondition) => [...byCondition.keys()]))];
    if (metrics.length === 0) return [];
    const cell = (metric: Metric, condition: string) => {
      const value = mean(this.#values.get(metric)!.get(condition) ?? []);
      return Number.isNaN(value) ? "–" : value;
    };
    return [
      {
        title: "Further measures",
        columns: ["drawn from", ...metrics.map(({ title }) => title)],
        rows: conditions.map((condition) => [condition, ...metrics.map((metric) => cell(metric, condition))]),
      },
    ];
  }
}

/** What a metric is told of one drawn crop. */
export function scoredCrop(window: CropWindow, condition: string, { coords, rgb }: ChainResult): ScoredCrop {
  const { sample, extent, lattice } = window;
  const truth = windowVoxels(window);
  const colours = sample.rgb.data as Uint8Array;
  return {
    crop: sample.record.id,
    condition,
    extent,
    voxel_m: lattice.voxel_m,
    map: windowMap(window),
    truth: { coords: truth.coords, rgb: Uint8Array.from([...truth.rows].flatMap((row) => [...colours.subarray(3 * row, 3 * row + 3)])) },
    drawn: { coords, rgb },
  };
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

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
