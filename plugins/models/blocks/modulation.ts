/** The time embedding on its way to the voxels: one row a scene, spread to the scene's voxels. */
import type { Tensor } from "../../../ffi";
import type { SparseTensor } from "../../../ffi/sparse";

export interface Modulation {
  /** SiLU of the time embedding, [B, E]: computed once a pass, used by every block. */
  embedding_BE: Tensor;
}

/** Where the voxels of each scene begin, for rows [B, C] that hold one row a scene. */
export function scenesOf(rows_BC: Tensor, x: SparseTensor): Tensor {
  return x.index.scenes(rows_BC.shape[0]!);
}
