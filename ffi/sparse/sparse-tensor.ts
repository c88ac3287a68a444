/** Features on a set of voxels. */
import type { HasTensors, Tensor } from "../index";
import { checkRows, SparseIndex } from "./sparse-index";

export class SparseTensor implements HasTensors {
  constructor(
    readonly index: SparseIndex,
    /** [N, C], any float dtype. */
    readonly feats: Tensor,
  ) {
    checkRows("SparseTensor", feats.shape[0] ?? 0, index);
  }

  /**
   * @param coords i32 [N, 4] (batch, x, y, z), each voxel once
   * @param feats [N, C]
   */
  static of(coords: Tensor, feats: Tensor): SparseTensor {
    return new SparseTensor(SparseIndex.of(coords), feats);
  }

  /** i32 [N, 4] (batch, x, y, z). */
  get coords(): Tensor {
    return this.index.coords;
  }
  get size(): number {
    return this.index.size;
  }
  get channels(): number {
    return this.feats.size(-1);
  }

  /** The same voxels, and all that is known about them, with other features. */
  withFeats(feats: Tensor): SparseTensor {
    return new SparseTensor(this.index, feats);
  }

  /**
   * Some of the voxels: pruning.
   * @param rows i64 [M], each at most once
   */
  select(rows: Tensor): SparseTensor {
    return new SparseTensor(this.index.select(rows), this.feats.indexSelect(0, rows));
  }

  tensors(): Tensor[] {
    return [this.feats, ...this.index.tensors()];
  }
}
