/** Pictures [B, C, H, W]: similarity and sampling. */
export { sampleBilinear } from "./sample";
export { ssim } from "./similarity";
