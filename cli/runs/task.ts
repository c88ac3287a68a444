/** One task of a stage, from an empty folder to a finished one. Runs inside a rank process; knows no scheduler. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { EXIT, UserError } from "../errors";
import { Cancelled, type Device, type Metric, type ReportSection, type Stage, type StageInput, type StageTask } from "../plugin";
import { fsyncTree, hashFile, listFiles, moveIntoPlace, sizeOf } from "./files";
import { peakMemory, resetPeakMemory } from "./memory";
import { readStageRecord, type StageRecord } from "./record";

/** Plain data, so that it can cross a pipe. */
export interface TaskSpec {
  runDir: string;
  /** Final folder, absolute. */
  dir: string;
  id: string;
  stage: string;
  key: string;
  item?: string;
  options: Record<string, unknown>;
  seed: number;
  needs: { need: string; id: string; dir: string; key: string }[];
  place: string;
  device: Device;
  threads: number;
  world: { rank: number; size: number };
}

export interface TaskHooks {
  progress(done: number, total: number, note?: string): void;
  log(text: string): void;
  warn(text: string): void;
  cancelled(): boolean;
  /** The registry of all plugins; undefined when none has it. */
  metric(name: string): Promise<Metric | undefined>;
}

function inputOf({ id, dir }: TaskSpec["needs"][number]): StageInput {
  const record = readStageRecord(dir);
  if (record === undefined || record.status !== "done")
    throw new UserError({ what: `the outputs of "${id}" are missing`, where: dir, fix: "run the recipe again", exit: EXIT.missing });
  return { id, dir, items: record.items, metrics: record.metrics, dirOf: (item) => join(dir, item) };
}

const hidden = (name: string, spec: TaskSpec) => join(spec.runDir, name, spec.item === undefined ? spec.id : join(spec.id, spec.item));

/** How often a rank looks whether the first one has made the scratch folder ready. */
const LOOK_EVERY_MS = 10;

/**
 * A folder for checkpoints, emptied when it belongs to another key. Of several ranks the first empties it and the others wait until it has: one of them would else read a checkpoint that is about to go, or remove what
 * the first has just made.
 */
async function openScratch(spec: TaskSpec, cancelled: () => boolean): Promise<string> {
  const scratch = hidden(".scratch", spec);
  const stamp = join(scratch, ".key");
  const ready = () => existsSync(stamp) && readFileSync(stamp, "utf8") === spec.key;
  if (spec.world.rank > 0)
    while (!ready() && finishedRecord(spec.dir, spec.key) === undefined) {
      if (cancelled()) throw new Cancelled();
      await Bun.sleep(LOOK_EVERY_MS);
    }
  else if (!ready()) {
    rmSync(scratch, { recursive: true, force: true });
    mkdirSync(scratch, { recursive: true });
    writeFileSync(stamp, spec.key);
  }
  mkdirSync(scratch, { recursive: true });
  return scratch;
}

/**
 * Runs the stage into a temporary folder, hashes and fsyncs what it wrote, writes `stage.json` last and renames the folder into place.
 *
 * @throws Cancelled when the user stopped it; the scratch folder then stays
 */
export async function executeTask(stage: Stage, spec: TaskSpec, hooks: TaskHooks): Promise<StageRecord> {
  const started = performance.now();
  resetPeakMemory();
  const leader = spec.world.rank === 0;
  const temporary = `${hidden(".tmp", spec)}${leader ? "" : `.rank-${spec.world.rank}`}`;
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true });
  const scratch = await openScratch(spec, hooks.cancelled);

  const bound = spec.needs.map((need) => ({ need: need.need, input: inputOf(need) }));
  const sections: ReportSection[] = [];
  const warnings: string[] = [];
  const task: StageTask<Record<string, unknown>> = {
    options: spec.options,
    id: spec.id,
    ...(spec.item === undefined ? {} : { item: spec.item }),
    seed: spec.seed,
    out: temporary,
    scratch,
    inputs: Object.fromEntries(bound.filter(({ need }) => !need.endsWith("*")).map(({ need, input }) => [need.replace("?", ""), input])),
    inputsOf: (need) => bound.filter((found) => found.need.replace(/[?*]$/, "") === need.replace(/[?*]$/, "")).map(({ input }) => input),
    place: spec.place,
    device: spec.device,
    threads: spec.threads,
    world: spec.world,
    progress: hooks.progress,
    log: hooks.log,
    warn(text) {
      warnings.push(text);
      hooks.warn(text);
    },
    get cancelled() {
      return hooks.cancelled();
    },
    stopIfCancelled() {
      if (hooks.cancelled()) throw new Cancelled();
    },
    async metric(name) {
      const found = await hooks.metric(name);
      if (found === undefined) throw new UserError({ what: `no plugin has the metric "${name}"`, exit: EXIT.usage });
      return found;
    },
    section: (section) => void sections.push(section),
  };

  const result = await stage.run(task);
  if (!leader) {
    rmSync(temporary, { recursive: true, force: true });
    return recordOf(stage, spec, { items: [], metrics: {}, outputs: {}, sections, warnings, seconds: 0 });
  }
  const items = [...(result.items ?? [])];
  const odd =
    items.find((item) => !/^[A-Za-z0-9][\w.-]*$/.test(item)) ??
    (new Set(items).size < items.length ? items.find((item, i) => items.indexOf(item) !== i) : undefined);
  if (odd !== undefined) throw new Error(`stage ${spec.stage}: "${odd}" cannot be an item's name (letters, digits, ".", "_", "-"; no name twice)`);
  for (const figure of sections.flatMap(({ figures }) => figures ?? []))
    if (!existsSync(join(temporary, figure.file))) throw new Error(`stage ${spec.stage}: figure ${figure.file} was not written`);

  const outputs = Object.fromEntries(listFiles(temporary).map((file) => [file, hashFile(join(temporary, file))]));
  const record = recordOf(stage, spec, {
    items,
    metrics: { ...result.metrics },
    outputs,
    sections,
    warnings,
    seconds: (performance.now() - started) / 1000,
  });
  writeFileSync(join(temporary, "stage.json"), `${JSON.stringify(record, null, 2)}\n`);
  fsyncTree(temporary);
  moveIntoPlace(temporary, spec.dir, join(spec.runDir, ".trash"));
  rmSync(scratch, { recursive: true, force: true });
  return record;
}

type Outcome = Pick<StageRecord, "items" | "metrics" | "outputs" | "sections" | "warnings" | "seconds">;

export function recordOf(stage: Stage, spec: TaskSpec, outcome: Outcome): StageRecord {
  return {
    schema: "earthcraft/stage@1",
    status: "done",
    id: spec.id,
    stage: stage.name,
    title: stage.title,
    version: stage.version,
    key: spec.key,
    ...(spec.item === undefined ? {} : { item: spec.item }),
    seed: spec.seed,
    options: spec.options,
    needs: Object.fromEntries(spec.needs.map(({ id, key }) => [id, key])),
    ...outcome,
    peakMemory_bytes: peakMemory(),
    threads: spec.threads,
    finished: new Date().toISOString(),
  };
}

/** The record of a folder that holds what a task with this key would write: `stage.json` says so, and every file is there in its size. */
export function finishedRecord(dir: string, key: string): StageRecord | undefined {
  const record = readStageRecord(dir);
  if (record?.status !== "done" || record.key !== key) return undefined;
  return Object.entries(record.outputs).every(([file, { bytes }]) => sizeOf(join(dir, file)) === bytes) ? record : undefined;
}

export function taskLabel(spec: { id: string; item?: string; dir?: string }): string {
  return spec.item === undefined ? spec.id : `${spec.id}/${basename(spec.item)}`;
}
