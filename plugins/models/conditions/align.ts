/** Condition voxels beside scene voxels: each scene voxel takes the features of the condition voxel at its own coordinates, or zeros (paper, TexNet: "an efficient voxel coordinates alignment"). */
import { ops, scope, Tensor } from "../../../ffi";
import { SparseTensor } from "../../../ffi/sparse";

/** @returns [N, C] for the N voxels of `scene` */
export function alignTo(scene: SparseTensor, cond: SparseTensor): Tensor {
  const row = cond.index.lookup(scene.index);
  const found = row.ge(0).to(cond.feats.dtype).reshape([-1, 1]);
  return cond.feats.indexSelect(0, row.clamp(0)).mul(found);
}

/** One scene `times` times over, as scenes 0 … times − 1: several draws of noise share one pass of the condition branch. */
export function repeatScene(voxels: SparseTensor, times: number): SparseTensor {
  if (times === 1) return voxels;
  const n = voxels.coords.shape[0]!;
  const batch = Tensor.from(
    Int32Array.from({ length: n * times }, (_, i) => Math.floor(i / n)),
    [n * times, 1],
    { device: voxels.coords.device },
  );
  const coords = scope(() => ops.aten.cat([batch, ops.aten.repeat(voxels.coords.narrow(1, 1, 3), [times, 1])], 1));
  return SparseTensor.of(coords, ops.aten.repeat(voxels.feats, [times, 1]));
}
