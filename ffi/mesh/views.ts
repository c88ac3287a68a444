/**
 * Cameras as the rasterisers take them: OpenCV world-to-camera matrices (x right, y down, z forward) and intrinsics in pixels, the centre of
 * pixel (i, j) at (i + 0.5, j + 0.5), row 0 on top.
 */
import { ArgumentError } from "../errors";
import { Tensor } from "../tensor";

export interface Views {
  /** f32 or f64 [V, 4, 4], world to camera */
  viewmats: Tensor;
  /** f32 or f64 [V, 3, 3]; under parallel rays fx and fy are pixels a unit of length */
  Ks: Tensor;
  width: number;
  height: number;
}

/** Views whose rays may be parallel. */
export interface ProjectedViews extends Views {
  /** Default `pinhole`. */
  projection?: "pinhole" | "parallel";
  /** Nothing nearer is seen, in units of length along the view axis. Default 0.01. */
  near?: number;
}

/** One pinhole camera as data sets hold it: OpenGL camera-to-world, row-major (x right, y up, looking down −z), and [fx, fy, cx, cy]. */
export interface OpenGLCamera {
  c2w: ArrayLike<number>;
  intrinsics: ArrayLike<number>;
}

/** The views of OpenGL cameras: inv(c2w · diag(1, −1, −1, 1)). In f64, so that nothing is lost on the way. */
export function openglViews(cameras: readonly OpenGLCamera[], width: number, height: number): Views {
  const viewmats = new Float64Array(16 * cameras.length);
  const Ks = new Float64Array(9 * cameras.length);
  for (const [v, { c2w, intrinsics }] of cameras.entries()) {
    if (c2w.length !== 16 || intrinsics.length !== 4)
      throw new ArgumentError(`openglViews: camera ${v} has ${c2w.length} numbers in c2w and ${intrinsics.length} in intrinsics, not 16 and 4`);
    for (const [row, sign] of [1, -1, -1].entries()) {
      let moved = 0;
      for (let axis = 0; axis < 3; ++axis) {
        const r = sign * c2w[4 * axis + row]!;
        viewmats[16 * v + 4 * row + axis] = r;
        moved -= r * c2w[4 * axis + 3]!;
      }
      viewmats[16 * v + 4 * row + 3] = moved;
    }
    viewmats[16 * v + 15] = 1;
    const [fx, fy, cx, cy] = [intrinsics[0]!, intrinsics[1]!, intrinsics[2]!, intrinsics[3]!];
    Ks.set([fx, 0, cx, 0, fy, cy, 0, 0, 1], 9 * v);
  }
  return { viewmats: Tensor.from(viewmats, [cameras.length, 4, 4]), Ks: Tensor.from(Ks, [cameras.length, 3, 3]), width, height };
}

/**
 * Parallel rays straight down, as a map is drawn: columns go east (+x), rows go south (−y), depth is counted down from `top`.
 * @param north y of the upper edge
 * @param west x of the left edge
 */
export function topDownView({
  west,
  north,
  top,
  pixel,
  width,
  height,
}: {
  west: number;
  north: number;
  top: number;
  pixel: number;
  width: number;
  height: number;
}): ProjectedViews {
  const viewmat = [1, 0, 0, -west, 0, -1, 0, north, 0, 0, -1, top, 0, 0, 0, 1];
  const K = [1 / pixel, 0, 0, 0, 1 / pixel, 0, 0, 0, 1];
  return {
    viewmats: Tensor.from(Float64Array.from(viewmat), [1, 4, 4]),
    Ks: Tensor.from(Float64Array.from(K), [1, 3, 3]),
    width,
    height,
    projection: "parallel",
    near: 0,
  };
}
