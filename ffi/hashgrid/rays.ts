/** Rays of cameras, and their samples: packed, as many a ray as it needs. */
import { ArgumentError } from "../errors";
import type { OpenGLCamera } from "../mesh/views";
import { earthcraft } from "../ops.gen";
import { Tensor } from "../tensor";
import type { OccupancyGrid } from "./occupancy-grid";

export interface Rays {
  /** f32 [R, 3], metres */
  origins: Tensor;
  /** f32 [R, 3] of any length but 0; distances are metres whatever it is */
  directions: Tensor;
}

/**
 * Unit rays through the centres of pixels.
 * @param pixels (camera, column, row) three by three; row 0 on top
 */
export function pixelRays(cameras: readonly OpenGLCamera[], pixels: ArrayLike<number>): Rays {
  if (pixels.length % 3 !== 0) throw new ArgumentError(`pixelRays: ${pixels.length} numbers are not (camera, column, row) three by three`);
  const count = pixels.length / 3;
  const [origins, directions] = [new Float32Array(3 * count), new Float32Array(3 * count)];
  for (let r = 0; r < count; ++r) {
    const camera = cameras[pixels[3 * r]!];
    if (camera === undefined) throw new ArgumentError(`pixelRays: pixel ${r} is of camera ${pixels[3 * r]}, of ${cameras.length}`);
    const { c2w, intrinsics } = camera;
    const right = (pixels[3 * r + 1]! + 0.5 - intrinsics[2]!) / intrinsics[0]!;
    const up = (intrinsics[3]! - pixels[3 * r + 2]! - 0.5) / intrinsics[1]!;
    const length = Math.hypot(right, up, 1);
    for (let axis = 0; axis < 3; ++axis) {
      origins[3 * r + axis] = c2w[4 * axis + 3]!;
      directions[3 * r + axis] = (c2w[4 * axis]! * right + c2w[4 * axis + 1]! * up - c2w[4 * axis + 2]!) / length;
    }
  }
  return { origins: Tensor.from(origins, [count, 3]), directions: Tensor.from(directions, [count, 3]) };
}

export interface MarchOptions {
  /** Shortest distance between samples. */
  step_m: number;
  /** Steps grow to distance · cone, up to a cell of the outermost cascade. Default 0: all are `step_m`. */
  cone?: number;
  /** Default 0 and 1e10. */
  near_m?: number;
  far_m?: number;
  /** Of a ray. Default 1024. */
  maxSamples?: number;
  /** f32 [R] in [0, 1): by how much of a step the samples of a ray are moved on. Default 0. */
  jitter?: Tensor;
}

/** S samples, ray after ray, near to far. */
export interface RaySamples {
  /** f32 [S, 3] in the unit cube of the grid's outermost cascade, as hash grids take them */
  positions: Tensor;
  /** f32 [S], metres from the origin to the middle of the sample */
  distances: Tensor;
  /** f32 [S], metres that a sample stands for */
  lengths: Tensor;
  /** i64 [S], the ray of each sample */
  rays: Tensor;
  /** i64 [R + 1]: ray r has the samples [starts[r], starts[r + 1]) */
  starts: Tensor;
}

/** Samples of rays in the occupied cells of a grid (Müller et al. 2022, appendix E.1). Rays that are not finite, or miss the grid, have none. */
export function marchRays({ origins, directions }: Rays, occupancy: OccupancyGrid, options: MarchOptions): RaySamples {
  const { resolution, cascades, centre, edge_m } = occupancy;
  const { step_m, cone, near_m, far_m, maxSamples, jitter } = options;
  const [positions, distances, lengths, rays, starts] = earthcraft.marchRays(
    origins,
    directions,
    occupancy.bits,
    resolution,
    cascades,
    centre,
    edge_m,
    step_m,
    cone,
    near_m,
    far_m,
    maxSamples,
    jitter,
  );
  return { positions, distances, lengths, rays, starts };
}

export interface Rendered {
  /** f32 [R, C], the weighted sum of colours: what is behind is not in it */
  color: Tensor;
  /** f32 [R] in [0, 1] */
  opacity: Tensor;
  /** f32 [R], the weighted sum of distances in metres: divided by opacity, the mean */
  depth: Tensor;
  /** f32 [S], how much of its ray's light each sample has */
  weights: Tensor;
}

/**
 * What rays see of their samples. Differentiable in densities and colours.
 * @param densities f32 [S], 0 or more, a metre
 * @param colors f32 [S, C]
 * @param leastLight samples count up to the one after which less light than this is left; default 1e-4
 */
export function composite(
  { lengths, distances, starts }: Pick<RaySamples, "lengths" | "distances" | "starts">,
  densities: Tensor,
  colors: Tensor,
  { leastLight }: { leastLight?: number } = {},
): Rendered {
  const [color, opacity, depth, weights] = earthcraft.composite(densities, colors, lengths, distances, starts, leastLight);
  return { color, opacity, depth, weights };
}

/**
 * Directions as real spherical harmonics, in the sign and order of 3D Gaussian splatting files.
 * @param directions f32 [N, 3], unit vectors
 * @param degrees how many, 1 to 4
 * @returns f32 [N, degrees²], stored function by function
 */
export function encodeDirections(directions: Tensor, degrees = 4): Tensor {
  return earthcraft.shEncode(directions, degrees);
}
