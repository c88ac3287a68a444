/** What the other plugins may import of `view`. */
export { encodeElevation, type HeightMap, heightMap } from "./elevation";
export { classColours, type Exported, type ExportKind, exportScene } from "./export";
export { encodeGlb } from "./glb";
export { type ObliqueView, obliquePicture, topPicture } from "./oblique";
export * from "./pictures";
export { decodePly, encodePly, type PlyOptions } from "./ply";
export { readScene, type SceneFile, writeScene } from "./scene-file";
export { SH_C0, type Splats } from "./splats";
export { extentOf, type Voxels } from "./voxels";
