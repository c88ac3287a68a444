/** OpenCV cameras for tests of the rasterisers. */
import { Tensor } from "../ffi";
import type { Views } from "../ffi/mesh";

type Vec3 = readonly [number, number, number];

const cross = (a: Vec3, b: Vec3): Vec3 => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
const dot = (a: Vec3, b: Vec3) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const unit = (a: Vec3): Vec3 => [a[0] / Math.hypot(...a), a[1] / Math.hypot(...a), a[2] / Math.hypot(...a)];

/** Row-major world-to-camera matrix of a camera at `eye` that looks at `target`, z up in the picture. */
export function lookAt(eye: Vec3, target: Vec3): number[] {
  const forward = unit([target[0] - eye[0], target[1] - eye[1], target[2] - eye[2]]);
  const right = unit(cross(forward, [0, 0, 1]));
  const down = cross(forward, right);
  return [...right, -dot(right, eye), ...down, -dot(down, eye), ...forward, -dot(forward, eye), 0, 0, 0, 1];
}

/** Views from eyes, all looking at one point, with an off-centre principal point. */
export function viewsFrom(eyes: readonly Vec3[], target: Vec3, { width, height, focal }: { width: number; height: number; focal: number }): Views {
  const K = [focal, 0, width / 2 + 0.7, 0, 0.9 * focal, height / 2 - 0.4, 0, 0, 1];
  return {
    viewmats: Tensor.from(Float64Array.from(eyes.flatMap((eye) => lookAt(eye, target))), [eyes.length, 4, 4]),
    Ks: Tensor.from(Float64Array.from(eyes.flatMap(() => K)), [eyes.length, 3, 3]),
    width,
    height,
  };
}
