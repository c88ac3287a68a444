/** 2D Gaussian splats. */
export { type RenderOptions, renderSplats, type SplatImage, type Splats } from "./render";
