/**
 * Random tensors that depend on what they are for, never on what was drawn before: Philox of (seed, purpose, index).
 * A checkpoint stores the step and the seed, and nothing else.
 */
import { ops } from "./ops.gen";
import type { Tensor } from "./tensor";

/** What a stream of numbers is for. Streams of different purposes are independent under one seed. */
export const purposes = {
  initialization: 1,
  noise: 2,
  time: 3,
  augmentation: 4,
  loaderOrder: 5,
  stochasticRounding: 6,
  dropout: 7,
  condition: 8,
  test: 9,
  sampling: 10,
  inpainting: 11,
  resampling: 12,
  occupancy: 13,
} as const;
export type Purpose = keyof typeof purposes;

export interface RandomStream {
  seed: number;
  purpose: Purpose;
  /** Which draw of this purpose: the step, the sample, the parameter. */
  index: number;
}

/** In [0, 1), f32, equal bits on every machine. */
export function uniform(shape: readonly number[], { seed, purpose, index }: RandomStream): Tensor {
  return ops.earthcraft.uniform(seed, purposes[purpose], index, shape);
}

/** Standard normal, f32. */
export function normal(shape: readonly number[], { seed, purpose, index }: RandomStream): Tensor {
  return ops.earthcraft.normal(seed, purposes[purpose], index, shape);
}

/** Whole numbers in [0, high), i64, equal bits on every machine. */
export function randint(high: number, shape: readonly number[], { seed, purpose, index }: RandomStream): Tensor {
  return ops.earthcraft.randint(seed, purposes[purpose], index, high, shape);
}

/** A number in [0, 2^53) for a name: FNV-1a, cut. */
export function nameIndex(name: string): number {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(name)) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  return Number(hash >> 11n);
}
