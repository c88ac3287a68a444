/** Triangle meshes and surface voxels under cameras. */
export { castVoxels, type VoxelImage } from "./cast-voxels";
export { type DecimatedMesh, type DecimationOptions, decimateMesh } from "./decimate";
export { type HeightMapOptions, heightMap } from "./height-map";
export { fillHoles } from "./holes";
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
  visibleFaces,
  voxelizeMesh,
} from "./mesh";
export { type MeshPieces, meshPieces, type SelectedMesh, selectFaces } from "./pieces";
export { imageToVoxels, type ProjectedFeatures, voxelsToImage } from "./project-features";
export { type OpenGLCamera, openglViews, type ProjectedViews, topDownView, type Views } from "./views";
