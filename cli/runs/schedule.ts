/**
 * The one scheduler: runs what is not done yet, stage by stage, items beside each other.
 *
 * A stage is done when its `stage.json` has the key that the plan gives it. What a kill left behind is swept at the start.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EXIT, toRecord, UserError } from "../errors";
import { Cancelled, type Device } from "../plugin";
import type { Reporter, StageView } from "../ui/reporter";
import { Eta } from "./eta";
import { removeEmptyFolders, writeFileAtomically } from "./files";
import { availableMemory, peakMemory } from "./memory";
import type { Plan, PlannedStage } from "./plan";
import type { TaskEvents } from "./rank-pool";
import { readStageRecord, type StageRecord } from "./record";
import type { RunJournal } from "./run-folder";
import { StageProgress } from "./stage-progress";
import { finishedRecord, recordOf, type TaskSpec } from "./task";
import { itemKey, taskSpec } from "./task-spec";
import type { World } from "./world";

/** Where tasks run: rank processes, or this process when it is a rank itself. */
export interface Runner {
  run(spec: TaskSpec, events: TaskEvents, ranks?: number): Promise<StageRecord>;
  report(runDir: string): Promise<void>;
  trim(keep: number): Promise<void>;
}

export interface ScheduleOptions {
  plan: Plan;
  /** Those to run, in order. */
  stages: readonly PlannedStage[];
  runner: Runner;
  journal: RunJournal;
  ui: Reporter;
  monotonic(): number;
  device: Device;
  /** Threads of the machine that this run may use. */
  threads: number;
  /** Tasks of a `foreach` stage at a time; undefined: as many as threads. */
  jobs?: number;
  shard?: { index: number; count: number };
  hasReport: boolean;
  /** When a launcher like torchrun started this process as one of several; this one is the first. */
  world?: World;
  /** True once the user asked to stop. */
  stopping(): boolean;
}

export interface ScheduleResult {
  ran: number;
  skipped: number;
  /** Items of other shards are not there yet. */
  waiting: boolean;
  peakMemory_bytes: number;
}

/** What a task of a `foreach` stage is thought to need, when the number of tasks beside each other is ours to choose. */
const TASK_BYTES = 1 << 30;

export async function schedule(options: ScheduleOptions): Promise<ScheduleResult> {
  return new Scheduler(options).run();
}

class Scheduler {
  readonly #result: ScheduleResult = { ran: 0, skipped: 0, waiting: false, peakMemory_bytes: 0 };
  readonly #eta: Eta;
  /** Done before this call. */
  readonly #done = new Map<PlannedStage, StageRecord>();
  readonly #todo: PlannedStage[];
  #reportNamed = false;

  constructor(readonly options: ScheduleOptions) {
    for (const stage of options.plan.stages) {
      const record = finishedRecord(stage.dir, stage.key);
      if (record !== undefined) this.#done.set(stage, record);
    }
    this.#todo = options.stages.filter((stage) => !this.#done.has(stage));
    this.#eta = new Eta(this.#todo);
  }

  async run(): Promise<ScheduleResult> {
    const { stages, journal, plan } = this.options;
    for (const [{ id }, { seconds, peakMemory_bytes }] of this.#done) journal.set(id, "done", { seconds, peakMemory_bytes });
    this.#result.skipped = stages.length - this.#todo.length;
    if (this.#todo.length === 0) return this.#result;
    // Other shards may be at work in these folders, and an empty one may be what one of them has just made.
    const alone = this.options.shard === undefined;
    for (const name of [".tmp", ".trash"]) if (alone) rmSync(join(plan.runDir, name), { recursive: true, force: true });
    for (const [i, stage] of this.#todo.entries()) {
      if (this.options.stopping()) throw new Cancelled();
      if (!(await this.#runStage(stage, i))) {
        this.#result.waiting = true;
        break;
      }
    }
    for (const name of [".tmp", ".scratch", ".trash"]) if (alone) removeEmptyFolders(join(plan.runDir, name));
    return this.#result;
  }

  /** @returns false when items of other shards are missing */
  async #runStage(stage: PlannedStage, position: number): Promise<boolean> {
    const { journal, ui, monotonic, runner } = this.options;
    const items = stage.stage.foreach === undefined ? undefined : this.#itemsOf(stage);
    const view: StageView = { id: stage.id, title: stage.stage.title, index: position + 1, count: this.#todo.length, tasks: items?.length ?? 1 };
    const started = monotonic();
    const seconds = () => (monotonic() - started) / 1000;
    const waiting = new Set(this.#todo.slice(position + 1).map(({ id }) => id));
    journal.set(stage.id, "running");
    journal.write();
    ui.stageStart(view);
    let record: StageRecord | undefined;
    try {
      using progress = new StageProgress(view, seconds, this.#eta, waiting, ui);
      record = await (items === undefined
        ? this.#runTask(stage, undefined, progress, this.#threads(1))
        : this.#runItems(stage, items, progress, seconds));
    } catch (error) {
      const interrupted = error instanceof Cancelled;
      const status = interrupted ? "interrupted" : "failed";
      if (!interrupted) this.#writeFailure(stage, error, seconds());
      journal.set(stage.id, status, interrupted ? { seconds: seconds() } : { seconds: seconds(), error: toRecord(error) });
      journal.write();
      ui.stageEnd(view, { status, seconds: seconds() });
      if (!interrupted) await this.#report();
      throw error;
    }
    if (record === undefined) {
      journal.set(stage.id, "waiting");
      journal.write();
      ui.stageEnd(view, { status: "skipped", seconds: seconds(), note: "this shard's items are done; the other shards' are not all there yet" });
      return false;
    }
    const { peakMemory_bytes } = record;
    this.#result.ran += 1;
    this.#result.peakMemory_bytes = Math.max(this.#result.peakMemory_bytes, peakMemory_bytes);
    this.#eta.finished(stage.id, seconds());
    journal.set(stage.id, "done", { seconds: seconds(), peakMemory_bytes });
    journal.write();
    ui.stageEnd(view, { status: "done", seconds: seconds(), peakMemory_bytes });
    await runner.trim(1);
    await this.#report();
    return true;
  }

  #threads(jobs: number): number {
    return Math.max(1, Math.floor(this.options.threads / jobs));
  }

  #itemsOf(stage: PlannedStage): string[] {
    const { itemsOf } = stage.stage;
    const source = stage.needs.find(({ need }) => itemsOf === undefined || need.replace(/[?*]$/, "") === itemsOf)?.from;
    if (source === undefined) throw new Error(`stage ${stage.stage.name} is foreach ${stage.stage.foreach}, but none of its needs gives the items`);
    const record = readStageRecord(source.dir);
    if (record === undefined) throw new UserError({ what: `the outputs of "${source.id}" are missing`, where: source.dir, exit: EXIT.missing });
    return record.items;
  }

  #spec(stage: PlannedStage, item: string | undefined, threads: number): TaskSpec {
    const { plan, device, world } = this.options;
    return taskSpec(stage, plan.runDir, {
      device,
      threads,
      ...(item === undefined ? {} : { item }),
      ...(world === undefined || stage.stage.ranks === undefined ? {} : { world }),
    });
  }

  async #runTask(stage: PlannedStage, item: string | undefined, progress: StageProgress, threads: number): Promise<StageRecord> {
    const { runner, ui } = this.options;
    const label = item === undefined ? stage.id : `${stage.id}/${item}`;
    const events: TaskEvents = {
      progress: (done, total, note) => progress.task(item, done, total, note),
      log: (text) => ui.debug(`${label}: ${text}`),
      warn: (text) => ui.warn(`${label}: ${text}`),
    };
    for (let attempt = 0; ; attempt++) {
      try {
        const spec = this.#spec(stage, item, threads);
        // Processes that share a GPU would only wait for each other; their crops are computed one after the other.
        const alone = this.options.world !== undefined || spec.device !== "cpu";
        const record = await runner.run(spec, events, alone ? 1 : (stage.stage.ranks?.(stage.options) ?? 1));
        progress.ended(item);
        return item === undefined ? { ...record, peakMemory_bytes: record.peakMemory_bytes + peakMemory() } : record;
      } catch (error) {
        if (error instanceof Cancelled || this.options.stopping()) throw error instanceof UserError ? error : new Cancelled();
        if (attempt >= stage.retries) throw error;
        ui.warn(`${label}: ${toRecord(error).what}; trying again (${attempt + 1} of ${stage.retries})`);
      }
    }
  }

  async #runItems(stage: PlannedStage, items: readonly string[], progress: StageProgress, seconds: () => number): Promise<StageRecord | undefined> {
    const { shard, jobs, threads } = this.options;
    mkdirSync(stage.dir, { recursive: true });
    rmSync(join(stage.dir, "stage.json"), { force: true }); // incomplete from here on
    const done = new Map<string, StageRecord>();
    const fresh = (item: string) => finishedRecord(join(stage.dir, item), itemKey(stage, item));
    for (const item of items) {
      const record = fresh(item);
      if (record !== undefined) done.set(item, record);
    }
    const mine = items.filter((item, i) => !done.has(item) && (shard === undefined || i % shard.count === shard.index - 1));
    const earlier_s = [...done.values()].reduce((sum, record) => sum + record.seconds, 0);
    progress.start(done.size, items.length);
    const most = jobs ?? (stage.stage.parallel === "threads" ? 1 : Math.min(threads, Math.floor(availableMemory() / TASK_BYTES)));
    const beside = Math.max(1, Math.min(most, mine.length));
    const queue = [...mine];
    let failure: unknown;
    const worker = async (): Promise<void> => {
      for (let item = queue.shift(); item !== undefined && failure === undefined && !this.options.stopping(); item = queue.shift())
        try {
          done.set(item, await this.#runTask(stage, item, progress, stage.stage.parallel === "threads" ? this.#threads(beside) : 1));
        } catch (error) {
          failure ??= error;
        }
    };
    await Promise.all(Array.from({ length: beside }, worker));
    if (failure !== undefined) throw failure;
    if (this.options.stopping() && items.some((item) => !done.has(item))) throw new Cancelled();
    for (const item of items) {
      const record = done.get(item) ?? fresh(item); // another shard may have ended by now
      if (record === undefined) return undefined;
      done.set(item, record);
    }
    for (const entry of readdirSync(stage.dir, { withFileTypes: true }))
      if (entry.isDirectory() && !items.includes(entry.name)) rmSync(join(stage.dir, entry.name), { recursive: true });
    const records = items.map((item) => done.get(item)!);
    const record = this.#gather(stage, items, records, beside, seconds() + earlier_s / beside);
    writeFileAtomically(join(stage.dir, "stage.json"), `${JSON.stringify(record, null, 2)}\n`);
    return record;
  }

  /** The record of a `foreach` stage: metrics are means over its items, outputs are theirs; sections stay with them. */
  #gather(stage: PlannedStage, items: readonly string[], records: readonly StageRecord[], beside: number, seconds: number): StageRecord {
    const names = [...new Set(records.flatMap(({ metrics }) => Object.keys(metrics)))];
    const mean = (name: string) => {
      const values = records.flatMap(({ metrics }) => (metrics[name] === undefined ? [] : [metrics[name]]));
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    };
    const peaks = records.map(({ peakMemory_bytes }) => peakMemory_bytes).sort((a, b) => b - a);
    return {
      ...recordOf(stage.stage, this.#spec(stage, undefined, 1), {
        items: [...items],
        metrics: Object.fromEntries(names.map((name) => [name, mean(name)])),
        outputs: Object.fromEntries(
          records.flatMap(({ item, outputs }) => Object.entries(outputs).map(([file, output]) => [`${item}/${file}`, output])),
        ),
        sections: [],
        warnings: records.flatMap(({ warnings }) => warnings),
        seconds,
      }),
      peakMemory_bytes: peakMemory() + peaks.slice(0, beside).reduce((sum, peak) => sum + peak, 0),
    };
  }

  /** Leaves a `stage.json` that says what went wrong, unless a complete one of an earlier key stands there. */
  #writeFailure(stage: PlannedStage, error: unknown, seconds: number): void {
    if (readStageRecord(stage.dir)?.status === "done") return;
    try {
      mkdirSync(stage.dir, { recursive: true });
      const empty = recordOf(stage.stage, this.#spec(stage, undefined, 1), {
        items: [],
        metrics: {},
        outputs: {},
        sections: [],
        warnings: [],
        seconds,
      });
      writeFileSync(join(stage.dir, "stage.json"), `${JSON.stringify({ ...empty, status: "failed", error: toRecord(error) }, null, 2)}\n`);
    } catch {} // the disk may be what failed
  }

  /** The report never stops a run. */
  async #report(): Promise<void> {
    const { hasReport, runner, plan, ui } = this.options;
    if (!hasReport) return;
    try {
      await runner.report(plan.runDir);
      const path = join(plan.runDir, "report", "index.html");
      if (!this.#reportNamed && existsSync(path)) ui.info(`report: ${path}`);
      this.#reportNamed ||= existsSync(path);
    } catch (error) {
      if (!(error instanceof Cancelled)) ui.warn(`the report was not written: ${toRecord(error).what}`);
    }
  }
}
