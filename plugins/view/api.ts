/** What the other plugins may import of `view`. */
export { encodeElevation, type HeightMap, heightMap } from "./elevation";
export { encodeGlb } from "./glb";
export * from "./pictures";
export { decodePly, encodePly, type PlyOptions } from "./ply";
export { SH_C0, type Splats } from "./splats";
export { extentOf, type Voxels } from "./voxels";
