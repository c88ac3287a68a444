/**
 * One of several processes that a launcher (torchrun, Slurm, Kubernetes) started with RANK and WORLD_SIZE set.
 *
 * Rank 0 schedules as always; the others take part in the stages that have `ranks` and, for the rest, wait until their outputs lie in the shared run folder.
 */
import { EXIT, UserError } from "../errors";
import { Cancelled, type Device } from "../plugin";
import type { Reporter } from "../ui/reporter";
import type { PlannedStage } from "./plan";
import type { Runner } from "./schedule";
import { finishedRecord } from "./task";
import { taskSpec } from "./task-spec";

export interface World {
  readonly rank: number;
  readonly size: number;
}

const POLL_MS = 100;

/** @returns undefined where no launcher is at work, or one of a single process */
export function worldOf(env: Readonly<Record<string, string | undefined>>): World | undefined {
  if (env.RANK === undefined || env.WORLD_SIZE === undefined) return undefined;
  const [rank, size] = [Number(env.RANK), Number(env.WORLD_SIZE)];
  if (!Number.isInteger(rank) || !Number.isInteger(size) || rank < 0 || rank >= size)
    throw new UserError({
      what: `RANK=${env.RANK} and WORLD_SIZE=${env.WORLD_SIZE} do not fit together`,
      fix: "start with torchrun --no-python, or unset both",
      exit: EXIT.usage,
    });
  return size === 1 ? undefined : { rank, size };
}

/** Where a process of this world computes: `cuda` means the GPU of its LOCAL_RANK. */
export function localDevice(device: Device, world: World | undefined, env: Readonly<Record<string, string | undefined>>): Device {
  return world === undefined || device === "cpu" ? device : `cuda:${Number(env.LOCAL_RANK ?? 0)}`;
}

export interface FollowOptions {
  runDir: string;
  stages: readonly PlannedStage[];
  runner: Runner;
  ui: Reporter;
  device: Device;
  threads: number;
  world: World;
  stopping(): boolean;
}

/** What a rank beyond the first does. */
export async function follow({ runDir, stages, runner, ui, device, threads, world, stopping }: FollowOptions): Promise<void> {
  for (const stage of stages) {
    const done = () => finishedRecord(stage.dir, stage.key) !== undefined;
    if (!done() && stage.stage.ranks !== undefined) {
      const label = `${stage.id} (rank ${world.rank} of ${world.size})`;
      const events = { progress() {}, log: (text: string) => ui.debug(`${label}: ${text}`), warn: (text: string) => ui.warn(`${label}: ${text}`) };
      await runner.run(taskSpec(stage, runDir, { device, threads, world }), events);
    }
    while (!done()) {
      if (stopping()) throw new Cancelled();
      await Bun.sleep(POLL_MS);
    }
  }
}
