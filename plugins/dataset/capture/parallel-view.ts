/** A mesh seen by parallel rays from one side, whole: the sun's view of a scene, or a view from far outside it. */
import { ops, Tensor } from "../../../ffi";
import type { Vec3 } from "../../earth/api";

/** Largest edge of such a picture; pixels grow where the mesh would need more. */
const LARGEST = 8192;
const NEAR_M = 0.5;

export interface ParallelView {
  /** float32 [3, 3]: rows right, down and away from the viewer. */
  rotation_33: Tensor;
  /** Picture coordinates of the upper left corner, metres. */
  low: readonly [number, number];
  pixel_m: number;
  width: number;
  height: number;
  /** int32 [height, width], −1 where no face is. */
  face: Tensor;
  /** float32 [height, width], metres along the rays from the plane through the origin; means nothing where no face is. */
  away: Tensor;
}

/**
 * @param vertices_V3 float32, metres
 * @param faces_F3 int32
 * @param toViewer unit vector
 */
export function parallelView(vertices_V3: Tensor, faces_F3: Tensor, toViewer: Vec3, pixel_m: number): ParallelView {
  const flat = Math.hypot(toViewer[0], toViewer[1]);
  const right: Vec3 = flat < 1e-9 ? [1, 0, 0] : [-toViewer[1] / flat, toViewer[0] / flat, 0];
  const away: Vec3 = [-toViewer[0], -toViewer[1], -toViewer[2]];
  const down: Vec3 = [away[1] * right[2] - away[2] * right[1], away[2] * right[0] - away[0] * right[2], away[0] * right[1] - away[1] * right[0]];
  const rotation_33 = Tensor.from([...right, ...down, ...away], [3, 3], { dtype: "f32" });
  const turned_V3 = vertices_V3.matmul(rotation_33.transpose(0, 1));
  const low = turned_V3.min(0).toArray() as Float32Array;
  const high = turned_V3.max(0).toArray() as Float32Array;
  const pixel = Math.max(pixel_m, (high[0]! - low[0]!) / (LARGEST - 1), (high[1]! - low[1]!) / (LARGEST - 1));
  const [width, height] = [Math.floor((high[0]! - low[0]!) / pixel) + 1, Math.floor((high[1]! - low[1]!) / pixel) + 1];
  // Depth is counted from a little before the nearest vertex: the rasteriser shows only what lies ahead.
  const viewmat = Tensor.from([...right, -low[0]!, ...down, -low[1]!, ...away, 2 * NEAR_M - low[2]!, 0, 0, 0, 1], [1, 4, 4], { dtype: "f32" });
  const K = Tensor.from([1 / pixel, 0, 0, 0, 1 / pixel, 0, 0, 0, 1], [1, 3, 3], { dtype: "f32" });
  const [face, , depth] = ops.earthcraft.meshRaster(vertices_V3, faces_F3, viewmat, K, width, height, NEAR_M, "parallel");
  return {
    rotation_33,
    low: [low[0]!, low[1]!],
    pixel_m: pixel,
    width,
    height,
    face: face.select(0, 0),
    away: depth.select(0, 0).add(low[2]! - 2 * NEAR_M),
  };
}
