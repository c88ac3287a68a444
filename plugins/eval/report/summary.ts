/** `summary.json`: every metric of a run, for scripts. */
import type { ReportSection, Run } from "../../../cli/plugin";
import { cautionsOf } from "./caution";

export interface StageSummary {
  id: string;
  stage: string;
  title: string;
  status: string;
  seconds?: number;
  peakMemory_bytes?: number;
  /** What the stage returned; of a stage that runs over items the mean. */
  metrics: Record<string, number>;
  sections: Pick<ReportSection, "title" | "sentence" | "metrics" | "tables" | "intervals">[];
  items?: Record<string, { metrics: Record<string, number>; seconds: number }>;
  warnings: string[];
  error?: string;
}

export interface Summary {
  schema: "earthcraft/summary@1";
  title: string;
  recipe: string;
  scale?: string;
  seed: number;
  place?: string;
  /** `done` when every stage is. */
  status: "done" | "failed" | "unfinished";
  seconds: number;
  peakMemory_bytes: number;
  /** `stage.metric` → value, of all stages and their sections. */
  metrics: Record<string, number>;
  stages: StageSummary[];
  /** What to know before believing the measures. */
  cautions: string[];
  attribution: string[];
}

function statusOf(stages: Run["stages"]): Summary["status"] {
  if (stages.some(({ status }) => status === "failed")) return "failed";
  return stages.every(({ status }) => status === "done") ? "done" : "unfinished";
}

export function summarize(whole: Run, attribution: string[]): Summary {
  const { run, stages } = whole;
  const metrics: Record<string, number> = {};
  const summaries = stages.map(({ id, stage, title, status, seconds, peakMemory_bytes, record, items, error }): StageSummary => {
    const sections = record?.sections ?? [];
    const own = record?.metrics ?? {};
    for (const values of [own, ...sections.map((section) => section.metrics ?? {})])
      for (const [name, value] of Object.entries(values)) metrics[`${id}.${name}`] = value;
    return {
      id,
      stage,
      title,
      status,
      ...(seconds === undefined ? {} : { seconds }),
      ...(peakMemory_bytes === undefined ? {} : { peakMemory_bytes }),
      metrics: own,
      sections: sections.map(({ title, sentence, metrics, tables, intervals }) => ({
        title,
        sentence,
        ...(metrics ? { metrics } : {}),
        ...(tables ? { tables } : {}),
        ...(intervals ? { intervals } : {}),
      })),
      ...(items.length > 0
        ? { items: Object.fromEntries(items.map((item) => [item.item ?? item.id, { metrics: item.metrics, seconds: item.seconds }])) }
        : {}),
      warnings: [...(record?.warnings ?? []), ...items.flatMap((item) => item.warnings)],
      ...(error ? { error: error.what } : {}),
    };
  });
  return {
    schema: "earthcraft/summary@1",
    title: run.title,
    recipe: run.recipe,
    ...(run.scale === undefined ? {} : { scale: run.scale }),
    seed: run.seed,
    ...(run.place === undefined ? {} : { place: run.place }),
    status: statusOf(stages),
    seconds: run.seconds,
    peakMemory_bytes: run.peakMemory_bytes,
    metrics,
    stages: summaries,
    cautions: cautionsOf(whole),
    attribution,
  };
}
