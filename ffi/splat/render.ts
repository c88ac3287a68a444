/** Pictures of 2D Gaussian splats (Huang et al. 2024), differentiable in every parameter of the splats and in the background. */
import { ArgumentError } from "../errors";
import type { Views } from "../mesh/views";
import { earthcraft } from "../ops.gen";
import type { Tensor } from "../tensor";

export interface Splats {
  /** f32 [M, 3] */
  means: Tensor;
  /** f32 [M, 4], (w, x, y, z) of any length */
  quats: Tensor;
  /** f32 [M, 2] or [M, 3] standard deviations along the first axes of the rotation; the third is ignored, its axis being the normal */
  scales: Tensor;
  /** f32 [M] in [0, 1] */
  opacities: Tensor;
  /** Spherical harmonics f32 [M, 1 or 4, 3], or else `colors`. */
  sh?: Tensor;
  /** f32 [M, C] with C ≤ 64, or per view [V, M, C]. */
  colors?: Tensor;
}

export interface RenderOptions extends Views {
  /** f32 [C] or [V, C], shown where splats let light through. Default 0. */
  background?: Tensor;
  /** i64 [V, 2]: the splats [begin, end) that each view sees, for a batch of scenes in one list. Default all. */
  ranges?: Tensor;
  /** Splats are seen whose centre's z-depth lies in [near, far]. Default 0.01 and 1e10. */
  near?: number;
  far?: number;
  /** Draw `distortion` as well. Default false. */
  distortion?: boolean;
}

export interface SplatImage {
  /** f32 [V, C, H, W] */
  color: Tensor;
  /** f32 [V, H, W] */
  alpha: Tensor;
  /** f32 [V, H, W], mean z-depth of what is drawn, 0 where nothing is */
  depth: Tensor;
  /** f32 [V, H, W], z-depth where half the light is gone; not differentiable */
  median: Tensor;
  /** f32 [V, 3, H, W], world axes, towards the camera, weighted by alpha (its length is at most alpha) */
  normal: Tensor;
  /**
   * Where asked for: f32 [V, H, W] in square units of depth (m²), Σ wᵢ wⱼ (zᵢ − zⱼ)² over pairs of splats drawn in the pixel, 0 where one or none is: a
   * surface is thin where it is small (2DGS, Eq. 13 with the square of its appendix). z is the camera's z-depth as it is; the paper's mapping to
   * [0, 1] by near and far is left out, as these span 0.01 to 1e10 here. Exact at 500 m, too: nothing squares the depth itself.
   */
  distortion?: Tensor;
}

export function renderSplats(splats: Splats, options: RenderOptions): SplatImage {
  const { viewmats, Ks, width, height, background, ranges, near, far, distortion: wanted = false } = options;
  const { means, quats, scales, opacities, sh } = splats;
  if ((sh === undefined) === (splats.colors === undefined)) throw new ArgumentError("renderSplats: give either sh or colors");
  const colors = sh === undefined ? splats.colors! : earthcraft.splatSh(means, sh, viewmats, ranges);
  const [color, alpha, depth, median, normal, distortion] = earthcraft.splatRender(
    means,
    quats,
    scales,
    opacities,
    colors,
    viewmats,
    Ks,
    width,
    height,
    background,
    ranges,
    near,
    far,
    wanted,
  );
  if (sh !== undefined) colors.dispose();
  if (wanted) return { color, alpha, depth, median, normal, distortion };
  distortion.dispose();
  return { color, alpha, depth, median, normal };
}
