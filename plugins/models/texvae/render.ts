/** Splats seen through cameras that are given as a dataset gives them. */
import { Tensor } from "../../../ffi";
import { renderSplats, type SplatImage } from "../../../ffi/splat";
import { type Mat4, opencvWorldToCamera } from "../../earth/api";
import type { Splats } from "./gaussian-head";

export interface SplatCamera {
  /** Row-major 4 × 4, OpenGL, in the splats' own units. */
  c2w: readonly number[];
  /** fx, fy, cx, cy in pixels. */
  intrinsics: readonly [number, number, number, number];
}

/** OpenCV world-to-camera matrices f32 [V, 4, 4] and intrinsics f32 [V, 3, 3], as rasterisers and ray casters take them. */
export function viewTensors(cameras: readonly SplatCamera[], device = "cpu"): { viewmats: Tensor; Ks: Tensor } {
  const matrices = cameras.flatMap(({ c2w }) => [...opencvWorldToCamera([...c2w] as unknown as Mat4)]);
  const intrinsics = cameras.flatMap(({ intrinsics: [fx, fy, cx, cy] }) => [fx, 0, cx, 0, fy, cy, 0, 0, 1]);
  return {
    viewmats: Tensor.from(Float32Array.from(matrices), [cameras.length, 4, 4], { device }),
    Ks: Tensor.from(Float32Array.from(intrinsics), [cameras.length, 3, 3], { device }),
  };
}

export function renderViews(splats: Splats, cameras: readonly SplatCamera[], width: number, height: number): SplatImage {
  return renderSplats(splats, { ...viewTensors(cameras, splats.means.device), width, height });
}
