/** Triangle meshes and surface voxels under cameras. */
export { castVoxels, type VoxelImage } from "./cast-voxels";
export { type LazyVolume, marchingCubes, marchingCubesBySlabs, type SurfaceOptions } from "./marching-cubes";
export {
  aggregateLabels,
  aggregateScores,
  interpolateMesh,
  type Lattice,
  type Mesh,
  type MeshImage,
  type MeshPoints,
  rasterizeMesh,
  type ScoreOptions,
  type SurfaceVoxels,
  type VertexScores,
  voxelizeMesh,
} from "./mesh";
export { type OpenGLCamera, openglViews, type ProjectedViews, topDownView, type Views } from "./views";
