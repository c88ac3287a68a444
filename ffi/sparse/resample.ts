/** Between the levels of a sparse pyramid, without a kernel: mean of children, copy to children, pixel shuffle. */
import { Linear, Module, ops } from "../index";
import { checkCoarser } from "./convolution";
import { SparseTensor } from "./sparse-tensor";

/** The mean of each cell's children that exist, on the coarser level. */
export function avgPool(x: SparseTensor): SparseTensor {
  const { index, parent, children } = x.index.coarser();
  return new SparseTensor(index, ops.earthcraft.sparseAvgDown(x.feats, children, parent));
}

/**
 * Each voxel of `target` takes its parent's features; without a target all eight children of every voxel do.
 * @param x on the coarser level of `target`
 */
export function upsampleCopy(x: SparseTensor, target?: SparseTensor): SparseTensor {
  if (target) checkCoarser("upsampleCopy", x, target);
  const index = target?.index ?? x.index.refined();
  const { parent, children } = index.coarser();
  return new SparseTensor(index, ops.earthcraft.sparseCopyUp(x.feats, children, parent));
}

/**
 * Sparse pixel shuffle (paper, PSS block): a voxel widens to eight times its channels, and each eighth becomes a child, slot x + 2y + 4z,
 * so that children differ from the start. A second layer brings the children to their width.
 */
export class SparsePixelShuffle extends Module {
  readonly expand: Linear;
  readonly project: Linear;

  constructor(inChannels: number, outChannels: number) {
    super();
    this.expand = new Linear(inChannels, 8 * inChannels);
    this.project = new Linear(inChannels, outChannels);
  }

  /** @returns all eight children of every voxel, with `outChannels` features */
  forward(x: SparseTensor): SparseTensor {
    const children = this.expand.forward(x.feats).view([-1, x.channels]);
    return new SparseTensor(x.index.refined(), this.project.forward(children));
  }
}
