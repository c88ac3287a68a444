/**
 * The training loop, flat enough to be read from top to bottom.
 *
 * A step: for each crop of the batch, in order, loss and gradients (several ranks share the crops); then one update of AdamW with clipping and EMA. Whatever is random comes from (seed, step, place), so that a run stopped and
 * resumed at a checkpoint gives the same bytes as one that went through.
 */
import { join } from "node:path";
import { Cancelled, EXIT, type StageTask, UserError } from "../../cli/plugin";
import { AdamW, autocast, loadSafetensors, type Module, saveSafetensors, scope, span, type Tensor } from "../../ffi";
import { rematerializing } from "../models/api";
import { CheckpointWriter, latestCheckpoint, sweepCheckpoints } from "./checkpoint";
import type { LossParts } from "./losses/structvae";
import { MetricsLog } from "./metrics-log";
import type { TrainingOptions } from "./options";
import { learningRate } from "./schedule";
import { World } from "./world";

export interface TrainJob {
  task: Pick<StageTask<unknown>, "scratch" | "out" | "seed" | "world" | "progress" | "log" | "warn" | "cancelled">;
  model: Module;
  options: TrainingOptions;
  checkpointEvery: number;
  logEvery: number;
  /** Hash of what decides the coming steps besides the step's number. */
  key: string;
  /** Reads what the step needs. The next step's is asked for while this one computes. */
  prepare(step: number): Promise<void>;
  /** Loss of one crop: `place` counts the batch's crops. Runs in a scope of its own. */
  loss(step: number, place: number): LossParts & { ids: string[] };
}

export interface TrainResult {
  log: MetricsLog;
  secondsPerStep: number;
}

/** Trains to the last step and leaves the EMA's weights in the model. */
export async function train(job: TrainJob): Promise<TrainResult> {
  const { task, model, options } = job;
  const { steps, batch, optimiser: settings } = options;
  const { betas, weightDecay, clip, ema } = settings;
  const world = World.join(task.world);
  const leads = world.rank === 0;
  const optimiser = new AdamW(model.namedParameters(), { lr: settings.lr.peak, betas, weightDecay, clip, ema, seed: task.seed });

  const root = join(task.scratch, "checkpoints");
  if (leads) sweepCheckpoints(root);
  const found = latestCheckpoint(root, job.key, task.warn);
  let step = found ? restore(found.dir, found.step, model, optimiser) : 0;
  if (found && leads) task.log(`going on from step ${found.step}`);
  world.meet(); // nobody writes before all have read
  const log = MetricsLog.resume(leads ? join(task.scratch, "metrics.jsonl") : null, step);
  const writer = new CheckpointWriter(root, job.key, (dir) => store(dir, model, optimiser), task.warn);
  const save = () => void (leads && writer.save(step));

  const clock = new Clock();
  const places = world.places(batch);
  while (step < steps) {
    const sums: Record<string, number> = {};
    const ids: string[] = [];
    await job.prepare(step);
    const ahead = step + 1 < steps ? job.prepare(step + 1) : undefined;
    ahead?.catch(() => {}); // told where it is awaited, should the step not fail first
    const scalars: Record<string, Tensor>[] = [];
    scope(() => {
      for (const place of places) {
        const kept = scope(() => {
          const { loss, parts, ids: seen } = span("loss", () => precisely(options, () => job.loss(step, place)));
          ids.push(...seen);
          span("gradients", () => loss.mul(world.size / batch).backward());
          return Object.fromEntries(Object.entries({ loss, ...parts }).map(([name, part]) => [name, part.detach()]));
        });
        scalars.push(kept);
      }
      // Read after backward: a GPU works through the step while the next calls are made.
      for (const kept of scalars) for (const [name, part] of Object.entries(kept)) sums[name] = (sums[name] ?? 0) + part.item() / places.length;
    });
    if (!Number.isFinite(sums.loss)) stopAt(step, `the loss is ${sums.loss}`, ids);
    world.averageGradients(model);
    const lr = learningRate(settings.lr, step, steps);
    const { gradNorm, finite } = span("update", () => optimiser.step(lr));
    if (!finite) stopAt(step, `the gradient's norm is ${gradNorm}`, ids);
    model.zeroGrad();
    await ahead;

    if (step % job.logEvery === 0 || step === steps - 1) log.append({ step, ...sums, lr, gradNorm });
    step++;
    task.progress(step, steps, `loss ${sums.loss!.toFixed(3)}, ${clock.lap_ms().toFixed(0)} ms a step`);
    if (world.any(task.cancelled) && step < steps) {
      save();
      throw new Cancelled();
    }
    if (step % job.checkpointEvery === 0 || step === steps) save();
  }
  log.copyTo(join(task.out, "metrics.jsonl"));
  if (ema > 0) model.loadStateDict(optimiser.emaState());
  optimiser.dispose();
  world.leave();
  return { log, secondsPerStep: clock.mean_ms / 1000 };
}

const WEIGHTS = "model.safetensors";
const OPTIMISER = "optimiser.safetensors";

/** Weights, moments and moving average; the step is the folder's name. */
function store(dir: string, model: Module, optimiser: AdamW): void {
  saveSafetensors(join(dir, WEIGHTS), model.stateDict());
  saveSafetensors(join(dir, OPTIMISER), optimiser.stateDict());
}

function restore(dir: string, step: number, model: Module, optimiser: AdamW): number {
  scope(() => {
    model.loadStateDict(loadSafetensors(join(dir, WEIGHTS)).tensors);
    optimiser.loadStateDict(loadSafetensors(join(dir, OPTIMISER)).tensors, step);
  });
  return step;
}

/** How long a step takes, smoothed over the last ones. */
class Clock {
  private readonly start = performance.now();
  private last = this.start;
  private laps = 0;
  private smooth = 0;

  lap_ms(): number {
    const now = performance.now();
    const lap = now - this.last;
    this.last = now;
    this.laps++;
    this.smooth = this.laps === 1 ? lap : 0.9 * this.smooth + 0.1 * lap;
    return this.smooth;
  }

  get mean_ms(): number {
    return this.laps === 0 ? 0 : (this.last - this.start) / this.laps;
  }
}

function precisely<T>({ precision, checkpointing }: TrainingOptions, run: () => T): T {
  const saving = () => rematerializing(checkpointing, run);
  return precision === "bf16" ? autocast("bf16", saving) : saving();
}

function stopAt(step: number, what: string, ids: readonly string[]): never {
  throw new UserError({
    what: `step ${step}: ${what}; nothing was updated`,
    where: `crops ${ids.join(", ")}`,
    fix: "lower optimiser.lr.peak, or look at these crops",
    exit: EXIT.gate,
  });
}
