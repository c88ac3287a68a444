/** What a reader should know before he believes a measure of a run: how little was held out, or how unlike the rest it is. */
import type { Run } from "../../../cli/plugin";

/** The stage that decides what is held out; what it warns of concerns every measure after it. */
const SPLIT = "split";

export function cautionsOf({ stages }: Run): string[] {
  return stages.find(({ stage }) => stage === SPLIT)?.record?.warnings ?? [];
}

/** Ids of the stages whose measures are taken on what was held out. */
export function measuringStages({ stages }: Run): Set<string> {
  const after = stages.findIndex(({ stage }) => stage === SPLIT);
  if (after < 0) return new Set();
  const measures = (stage: string) => stage.startsWith("train-") || stage === "evaluate" || stage === "sample";
  return new Set(stages.slice(after + 1).flatMap(({ id, stage }) => (measures(stage) ? [id] : [])));
}
