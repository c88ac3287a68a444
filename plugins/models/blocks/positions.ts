/** Where a voxel is (paper: "positional encoding into V_c"): TRELLIS's sines and cosines of its indices within the window, which are not metres. */
import { positionEmbedding, type Tensor } from "../../../ffi";

/**
 * @param coords_N4 int32 (batch, x, y, z)
 * @returns f32 [N, channels]
 */
export function positionsOf(coords_N4: Tensor, channels: number): Tensor {
  return positionEmbedding(coords_N4.narrow(1, 1, 3), channels);
}
