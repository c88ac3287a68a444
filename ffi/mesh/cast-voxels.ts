/** Rays into sparse voxels: TexFM's conditions stand on the voxels that a picture or a map sees first. */
import { earthcraft } from "../ops.gen";
import type { Tensor } from "../tensor";
import type { Lattice } from "./mesh";
import type { ProjectedViews } from "./views";

export interface VoxelImage {
  /** i32 [V, H, W], row of `coords`, −1 where no voxel is hit */
  voxel: Tensor;
  /** f32 [V, H, W], z-depth where the ray enters the voxel, 0 where none is hit */
  depth: Tensor;
}

/**
 * The first voxel on the ray through every pixel's centre.
 * @param coords i32 [N, 3] (x, y, z), any order
 */
export function castVoxels(coords: Tensor, { origin, voxel_m }: Omit<Lattice, "extent">, views: ProjectedViews): VoxelImage {
  const { viewmats, Ks, width, height, near, projection } = views;
  const [voxel, depth] = earthcraft.voxelCast(coords, origin, voxel_m, viewmats, Ks, width, height, near, projection);
  return { voxel, depth };
}
