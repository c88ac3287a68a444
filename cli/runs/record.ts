/** What a run folder says about itself: `run.json` for the run, `<stage>/stage.json` for each stage. Reading needs no plugin and no recipe. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ErrorRecord, EXIT, UserError } from "../errors";
import type { ReportSection } from "../plugin";

/** `stage.json`: written last, so a folder that has one with status "done" is complete. */
export interface StageRecord {
  schema: "earthcraft/stage@1";
  status: "done" | "failed";
  id: string;
  stage: string;
  title: string;
  version: number;
  /** Hex; equal keys mean equal outputs. */
  key: string;
  item?: string;
  seed: number;
  options: Record<string, unknown>;
  /** Keys of the stages that it read, by id. */
  needs: Record<string, string>;
  items: string[];
  metrics: Record<string, number>;
  /** Path relative to the stage's folder → size and content. */
  outputs: Record<string, { bytes: number; sha256: string }>;
  sections: ReportSection[];
  warnings: string[];
  seconds: number;
  peakMemory_bytes: number;
  threads: number;
  finished: string;
  error?: ErrorRecord;
}

export interface StageStatus {
  id: string;
  stage: string;
  title: string;
  /** Folder relative to the run folder. */
  dir: string;
  status: "waiting" | "running" | "done" | "failed" | "interrupted";
  key: string;
  seconds?: number;
  peakMemory_bytes?: number;
  error?: ErrorRecord;
  /** Row of the recipe's matrix that it belongs to. */
  variant?: string;
}

/** `run.json`, rewritten whenever a stage begins or ends. */
export interface RunRecord {
  schema: "earthcraft/run@1";
  title: string;
  recipe: string;
  /** The recipe after `extends`, `scale` and `--set`. */
  resolved: Record<string, unknown>;
  hash: string;
  scale?: string;
  seed: number;
  place?: string;
  device: string;
  command: string[];
  version: string;
  started: string;
  updated: string;
  seconds: number;
  peakMemory_bytes: number;
  stages: StageStatus[];
}

/** A run with its stages' records, in the recipe's order; `record` is missing where a stage has not ended yet. */
export interface Run {
  dir: string;
  run: RunRecord;
  stages: (StageStatus & { path: string; record?: StageRecord; items: StageRecord[] })[];
}

type Kind = "string" | "number" | "object" | "array";
/** By name; a question mark behind a kind: it may be missing. */
type Fields = Readonly<Record<string, Kind | `${Kind}?`>>;

/** What is wrong with a value for one that has fields of these kinds; undefined where nothing is. By hand: `runs ls` has no time to load zod. */
function faultOf(value: unknown, fields: Fields): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "no object";
  for (const [name, kind] of Object.entries(fields)) {
    const field = (value as Record<string, unknown>)[name];
    const found = Array.isArray(field) ? "array" : field === null ? "null" : typeof field;
    if (found !== kind && `${found}?` !== kind && !(field === undefined && kind.endsWith("?"))) return `${name} is no ${kind.replace("?", "")}`;
  }
  return undefined;
}

/** Records of other versions may lack some. */
const STAGE_FIELDS: Fields = {
  ...{ schema: "string", status: "string?", id: "string?", stage: "string?", title: "string?", key: "string?", finished: "string?", item: "string?" },
  ...{ seed: "number?", version: "number?", seconds: "number?", peakMemory_bytes: "number?", threads: "number?" },
  ...{ options: "object?", needs: "object?", metrics: "object?", outputs: "object?", error: "object?" },
  ...{ items: "array", sections: "array?", warnings: "array?" },
};
const STATUS_FIELDS: Fields = {
  ...{ id: "string", stage: "string", title: "string", dir: "string", status: "string", key: "string" },
  ...{ seconds: "number?", peakMemory_bytes: "number?", error: "object?", variant: "string?" },
};
const RUN_FIELDS: Fields = {
  ...{ title: "string", recipe: "string", updated: "string", stages: "array" },
  ...{ schema: "string?", hash: "string?", version: "string?", started: "string?", scale: "string?", place: "string?", device: "string?" },
  ...{ seed: "number?", seconds: "number?", peakMemory_bytes: "number?", resolved: "object?", command: "array?" },
};
const OUTPUT_FIELDS: Fields = { bytes: "number", sha256: "string" };

function faultOfStage(record: StageRecord): string | undefined {
  const outputs = () => Object.values(record.outputs ?? {}).map((output) => faultOf(output, OUTPUT_FIELDS));
  return (
    faultOf(record, STAGE_FIELDS) ??
    outputs().find((fault) => fault !== undefined) ??
    (record.items.every((item) => typeof item === "string") ? undefined : "items are no strings")
  );
}

export function readStageRecord(dir: string): StageRecord | undefined {
  const path = join(dir, "stage.json");
  if (!existsSync(path)) return undefined;
  try {
    const record = JSON.parse(readFileSync(path, "utf8")) as StageRecord;
    return record.schema === "earthcraft/stage@1" && faultOfStage(record) === undefined ? record : undefined;
  } catch {
    return undefined; // torn by a full disk, or edited: as good as absent
  }
}

function readRunRecord(dir: string): RunRecord {
  const path = join(dir, "run.json");
  if (!existsSync(path)) throw new UserError({ what: "this is no run folder", where: dir, fix: "see: earthcraft runs ls", exit: EXIT.badInput });
  try {
    const record = JSON.parse(readFileSync(path, "utf8")) as RunRecord;
    const fault = faultOf(record, RUN_FIELDS) ?? record.stages.map((stage) => faultOf(stage, STATUS_FIELDS)).find((one) => one !== undefined);
    if (fault !== undefined) throw new Error(fault);
    return record;
  } catch (error) {
    throw new UserError({
      what: `run.json cannot be read: ${error instanceof Error ? error.message : error}`,
      where: dir,
      fix: "run the recipe again: it is written anew",
      exit: EXIT.badInput,
    });
  }
}

/** @throws UserError of exit 65 where the folder is none of a run */
export function readRun(dir: string): Run {
  const run = readRunRecord(dir);
  const stages = run.stages.map((status) => {
    const path = join(dir, status.dir);
    const record = readStageRecord(path);
    const items = (record?.items ?? []).map((item) => readStageRecord(join(path, item))).filter((found) => found !== undefined);
    return { ...status, path, ...(record === undefined ? {} : { record }), items };
  });
  return { dir, run, stages };
}
