/**
 * Blocks as checkpoints: a block's inner tensors are dropped after the forward pass and computed again in backward. TexVAE at 220,000 voxels would otherwise keep some 92 GB.
 *
 * Only features cross a checkpoint; the set of voxels and what is known about it stay outside.
 */
import { checkpoint } from "../../../ffi";
import type { SparseTensor } from "../../../ffi/sparse";

let active = false;

/** Runs `body` with every block a checkpoint of its own, or with none. */
export function rematerializing<T>(on: boolean, body: () => T): T {
  const before = active;
  active = on;
  try {
    return body();
  } finally {
    active = before;
  }
}

/** @param run a block that keeps x's voxels */
export function segment(x: SparseTensor, run: (x: SparseTensor) => SparseTensor): SparseTensor {
  return active ? x.withFeats(checkpoint(() => run(x).feats)) : run(x);
}
