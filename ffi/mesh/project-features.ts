/** Features between pictures and the voxels that their pixels see first: a projection, differentiable both ways. */
import { earthcraft } from "../ops.gen";
import type { Tensor } from "../tensor";

export interface ProjectedFeatures {
  /** [voxels, C], as the features in type; 0 where no pixel sees the voxel */
  feats: Tensor;
  /** i32 [voxels], pixels that see it */
  counts: Tensor;
}

/**
 * Lays features of pictures on voxels: each takes the mean of what all pixels that see it read, of all views. Sums run over views, rows and columns in
 * this order, in f32 (f64 for f64). Gradients go to `features`.
 * @param features floating point [V, C, h, w], a vector for every patch
 * @param voxel i32 [V, H, W] in [−1, voxels), as `castVoxels` gives it: row of the voxel that the pixel sees, −1 for none
 * @param patch pixels along a patch's edge, which may be a fraction: pixel (y, x) reads row min(h − 1, ⌊y / patch⌋) and column min(w − 1, ⌊x / patch⌋)
 * @throws where `voxel` names a row that is not there, on the processor; a GPU takes it for none
 */
export function imageToVoxels(features: Tensor, voxel: Tensor, voxels: number, patch = 1): ProjectedFeatures {
  const [feats, counts] = earthcraft.imageToVoxels(features, voxel, voxels, patch);
  return { feats, counts };
}

/**
 * What every pixel sees of the voxels. Gradients go to `feats`.
 * @param feats floating point [N, C]
 * @param voxel i32 [V, H, W] in [−1, N), as for `imageToVoxels`
 * @returns [V, C, H, W], 0 where the pixel sees no voxel
 */
export function voxelsToImage(feats: Tensor, voxel: Tensor): Tensor {
  return earthcraft.voxelsToImage(feats, voxel);
}
