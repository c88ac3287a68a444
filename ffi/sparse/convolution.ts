/**
 * Convolutions of sparse voxels: submanifold (the set stays), strided (to the coarser level) and transposed (back to a finer one).
 *
 * Weights are [taps, in, out], taps x fastest: kernel 3 has tap (dx + 1) + 3 (dy + 1) + 9 (dz + 1), kernel 2 has tap dx + 2 dy + 4 dz. An `Init`
 * sees PyTorch's shape [out, in, k, k, k], whose fans are the right ones.
 */
import { ArgumentError, type Init, init, Module, ops, Parameter, type Tensor } from "../index";
import type { ConvPairs } from "./sparse-index";
import { SparseTensor } from "./sparse-tensor";

export interface ConvOptions {
  bias?: boolean;
  init?: Init;
}

export interface StridedOptions extends ConvOptions {
  kernel: 2 | 3;
  stride: 2;
}

abstract class SparseConvolution extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | null;

  constructor(
    readonly inChannels: number,
    readonly outChannels: number,
    readonly kernel: 2 | 3,
    { bias = true, init: first = init.xavierUniform() }: ConvOptions,
  ) {
    super();
    const asTaps: Init = (shape, seed, name) =>
      first([outChannels, inChannels, kernel, kernel, kernel], seed, name).permute([2, 3, 4, 1, 0]).reshape(shape).contiguous();
    this.weight = new Parameter([kernel ** 3, inChannels, outChannels], asTaps);
    this.bias = bias ? new Parameter([outChannels], init.zeros()) : null;
  }

  protected convolve(feats: Tensor, { pairs, starts }: ConvPairs, back: ConvPairs | null, rows: number, residual?: Tensor): Tensor {
    return ops.earthcraft.sparseConv(
      feats,
      this.weight.tensor,
      this.bias?.tensor ?? null,
      pairs,
      starts,
      back?.pairs ?? null,
      back?.starts ?? null,
      rows,
      residual,
    );
  }
}

/** 3³ convolution that keeps the set of voxels: each sees the neighbours that exist. */
export class SubMConv3d extends SparseConvolution {
  constructor(inChannels: number, outChannels: number, { kernel = 3, ...options }: ConvOptions & { kernel?: 3 } = {}) {
    super(inChannels, outChannels, kernel, options);
  }
  /** @param residual [N, out], added to the sums as they are written; the result has its type */
  forward(x: SparseTensor, residual?: Tensor): SparseTensor {
    return x.withFeats(this.convolve(x.feats, x.index.submanifold(), null, x.size, residual));
  }
}

/** Convolution of stride 2: the output lives on the cells of edge 2 that hold a voxel. Kernel 3 has padding 1. */
export class StridedConv3d extends SparseConvolution {
  constructor(inChannels: number, outChannels: number, { kernel, stride: _stride, ...options }: StridedOptions) {
    super(inChannels, outChannels, kernel, options);
  }
  forward(x: SparseTensor): SparseTensor {
    const coarse = x.index.coarser().index;
    const { down, up } = x.index.strided(this.kernel);
    return new SparseTensor(coarse, this.convolve(x.feats, down, up, coarse.size));
  }
}

/** The way back: from the coarser level of `target`'s voxels to those voxels. */
export class TransposedConv3d extends SparseConvolution {
  constructor(inChannels: number, outChannels: number, { kernel, stride: _stride, ...options }: StridedOptions) {
    super(inChannels, outChannels, kernel, options);
  }
  /** @param target whose voxels the output takes; its features are not used */
  forward(x: SparseTensor, target: SparseTensor): SparseTensor {
    checkCoarser("TransposedConv3d", x, target);
    const { down, up } = target.index.strided(this.kernel);
    return target.withFeats(this.convolve(x.feats, up, down, target.size));
  }
}

/** Refuses x unless its voxels are the very index that `target.index.coarser()` gives: the maps between levels belong to it. */
export function checkCoarser(what: string, x: SparseTensor, target: SparseTensor): void {
  const coarse = target.index.coarser().index;
  if (coarse !== x.index)
    throw new ArgumentError(
      `${what}: x (${x.size} voxels) does not live on the coarser level of the target (${target.size} voxels, ${coarse.size} cells)`,
    );
}
