/** Sparse voxels as a dense grid [B, C, z, y, x], PyTorch's order of axes, and back: dense ATen layers are then references for sparse ones. */
import { ops, Tensor } from "../../ffi";

function cells(coords: Tensor): [Tensor, Tensor, Tensor, Tensor] {
  const [batch, x, y, z] = coords.to("i64").unbind(1) as [Tensor, Tensor, Tensor, Tensor];
  return [batch, z, y, x];
}

/** @param extent sizes in x, y, z */
export function toDense(coords: Tensor, feats: Tensor, batches: number, extent: readonly [number, number, number]): Tensor {
  const empty = Tensor.zeros([batches, extent[2], extent[1], extent[0], feats.size(1)], { dtype: feats.dtype });
  return ops.aten.indexPut(empty, cells(coords), feats).permute([0, 4, 1, 2, 3]);
}

export function fromDense(coords: Tensor, dense: Tensor): Tensor {
  return dense.permute([0, 2, 3, 4, 1]).index(cells(coords));
}

/** [taps, in, out], taps x fastest, as PyTorch's [out, in, z, y, x]. */
export function denseWeight(weight: Tensor, kernel: number): Tensor {
  return weight.view([kernel, kernel, kernel, weight.size(1), weight.size(2)]).permute([4, 3, 0, 1, 2]);
}
