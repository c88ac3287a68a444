/** Splats seen through cameras, with gradients: colours from spherical harmonics, then the 2D Gaussian rasteriser. */
import { ops, Tensor } from "../../../ffi";
import { type Mat4, opencvWorldToCamera } from "../../earth/api";
import type { Splats } from "./gaussian-head";

export interface SplatCamera {
  /** Row-major 4 × 4, OpenGL, in the splats' own units. */
  c2w: readonly number[];
  /** fx, fy, cx, cy in pixels. */
  intrinsics: readonly [number, number, number, number];
}

export interface SplatImages {
  /** [V, 3, H, W]. */
  colour: Tensor;
  /** [V, H, W]. */
  alpha: Tensor;
  /** [V, H, W] mean z-depth in the splats' units, 0 = nothing. */
  depth: Tensor;
}

/** @param background RGB behind the splats, [3]; black unless told */
export function renderSplats(splats: Splats, cameras: readonly SplatCamera[], width: number, height: number, background?: Tensor): SplatImages {
  const { device } = splats.means;
  const views = cameras.length;
  const viewmats = Tensor.from(
    Float32Array.from(cameras.flatMap(({ c2w }) => [...opencvWorldToCamera([...c2w] as unknown as Mat4)])),
    [views, 4, 4],
    { device },
  );
  const intrinsics = Tensor.from(
    Float32Array.from(cameras.flatMap(({ intrinsics: [fx, fy, cx, cy] }) => [fx, 0, cx, 0, fy, cy, 0, 0, 1])),
    [views, 3, 3],
    { device },
  );
  const colours = ops.earthcraft.splatSh(splats.means, splats.sh, viewmats);
  const [colour, alpha, depth] = ops.earthcraft.splatRender(
    splats.means,
    splats.quats,
    splats.scales,
    splats.opacities,
    colours,
    viewmats,
    intrinsics,
    width,
    height,
    background,
  );
  return { colour, alpha, depth };
}
