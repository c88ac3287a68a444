/**
 * Ranks: processes that train one model on different samples, each with all of its weights. They talk over Gloo.
 * A process that joined no group is rank 0 of 1, and every function here does what is right for one.
 */
import { ArgumentError } from "./errors";
import { check, loadNative } from "./load";
import type { Module } from "./nn";
import type { Tensor } from "./tensor";

export interface GroupOptions {
  rank: number;
  worldSize: number;
  /** Where ranks find each other: `tcp://host:port`, where rank 0 listens, or `file:///path` on a disk all see, a new file for every group. */
  store: string;
  /** How long a rank waits for the others before it gives up. */
  timeoutSeconds?: number;
}

let joined: { rank: number; worldSize: number } | undefined;

export function initDistributed({ rank, worldSize, store, timeoutSeconds = 300 }: GroupOptions): void {
  check(loadNative().call.ec_dist_init(store, rank, worldSize, timeoutSeconds), "initDistributed");
  joined = { rank, worldSize };
}

/** What torchrun, Slurm and Kubernetes set for a rank; undefined when this process is none. */
export function groupFromEnvironment(env: NodeJS.ProcessEnv = process.env): GroupOptions | undefined {
  if (env.RANK === undefined || env.WORLD_SIZE === undefined) return undefined;
  const [rank, worldSize] = [Number(env.RANK), Number(env.WORLD_SIZE)];
  if (!Number.isInteger(rank) || !Number.isInteger(worldSize) || rank < 0 || rank >= worldSize)
    throw new ArgumentError(`RANK=${env.RANK} and WORLD_SIZE=${env.WORLD_SIZE} are no rank and size of a group`);
  if (env.MASTER_ADDR === undefined || env.MASTER_PORT === undefined) throw new ArgumentError("RANK is set, but not MASTER_ADDR and MASTER_PORT");
  return { rank, worldSize, store: `tcp://${env.MASTER_ADDR}:${env.MASTER_PORT}` };
}

export function rank(): number {
  return joined?.rank ?? 0;
}

export function worldSize(): number {
  return joined?.worldSize ?? 1;
}

/** Leaves the group. */
export function shutdownDistributed(): void {
  if (joined === undefined) return;
  joined = undefined;
  check(loadNative().call.ec_dist_shutdown(), "shutdownDistributed");
}

const REDUCTIONS = { sum: 0, max: 1, min: 2 } as const;

function put(tensors: readonly Tensor[]): number {
  const { stream } = loadNative();
  for (const [i, { handle }] of tensors.entries()) stream[i] = handle;
  return tensors.length;
}

/** Replaces each tensor by its reduction over the ranks. */
export function allReduce(tensors: readonly Tensor[], reduction: keyof typeof REDUCTIONS = "sum"): void {
  if (joined === undefined) return;
  check(loadNative().call.ec_dist_all_reduce(put(tensors), REDUCTIONS[reduction]), "allReduce");
}

/** Gives every rank the values of one. */
export function broadcast(tensors: readonly Tensor[], root = 0): void {
  if (joined === undefined) return;
  check(loadNative().call.ec_dist_broadcast(put(tensors), root), "broadcast");
}

/** Waits until all ranks are here. */
export function barrier(): void {
  if (joined === undefined) return;
  check(loadNative().call.ec_dist_barrier(), "barrier");
}

/** Gives every rank the weights of rank 0. */
export function broadcastParameters(module: Module): void {
  broadcast([...module.stateDict().values()]);
}

/**
 * Replaces every gradient by its mean over the ranks, between backward and the optimiser's step. Sums have a fixed order, so that ranks stay equal
 * to the bit. A rank that has no gradient for a parameter counts as zeros; one that no rank used keeps none.
 */
export function averageGradients(module: Module): void {
  if (joined === undefined) return;
  const trained = module.parameters().filter((p) => p.trainable);
  check(loadNative().call.ec_dist_average_gradients(put(trained.map((p) => p.tensor))), "averageGradients");
}
