/** The time embedding on its way to the voxels: one row a scene, spread to the scene's voxels. */
import type { Tensor } from "../../../ffi";
import type { SparseTensor } from "../../../ffi/sparse";

export interface Modulation {
  /** SiLU of the time embedding, [B, E]: computed once a pass, used by every block. */
  embedding_BE: Tensor;
}

/** [B, C] → [N, C] by each voxel's scene; one scene stays one row and broadcasts. */
export function rowsOfBatch(rows_BC: Tensor, x: SparseTensor): Tensor {
  if (rows_BC.shape[0] === 1) return rows_BC;
  return rows_BC.indexSelect(0, x.coords.select(1, 0).to("i64"));
}
