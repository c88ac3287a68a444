/**
 * From a voxel's channels to its K Gaussians of 23 numbers each, and from those raw numbers to splats.
 *
 * Raw layout, by attribute: offset [K, 3] · scale [K, 3] · opacity [K, 1] · rotation [K, 4] (w, x, y, z) · sh [K, 12] (degree 1; coefficient, then colour). Raw numbers are what files and latents keep;
 * `activate` makes splats of them. Everything is in voxel units: × s gives metres, whatever L is.
 */
import { init, Linear, Module, ops, Tensor } from "../../../ffi";

export const SPLAT_NUMBERS = 23;
/** How far a splat's centre may lie from its voxel's, in voxels. */
const REACH = 0.75;
/** Scale of a splat at the start, and the least it can have, in voxels (TRELLIS's 0.004 and 0.0009 at R = 64). */
const START_SCALE = 0.256;
const LEAST_SCALE = 0.058;
const START_OPACITY = 0.1;
/** TRELLIS: rotations learn ten times slower. */
const ROTATION_GAIN = 0.1;

export const SPLAT_LAYOUT = [
  ["offset", 3],
  ["scale", 3],
  ["opacity", 1],
  ["rotation", 4],
  ["sh", 12],
] as const;

export interface Splats {
  /** [N·K, 3], voxel units in the crop's lattice. */
  means: Tensor;
  /** [N·K, 4] unit, (w, x, y, z). */
  quats: Tensor;
  /** [N·K, 3] voxel units; the third is predicted, and not used by a 2D rasteriser. */
  scales: Tensor;
  /** [N·K] in (0, 1). */
  opacities: Tensor;
  /** [N·K, 4, 3]. */
  sh: Tensor;
}

export class GaussianHead extends Module {
  readonly output: Linear;

  constructor(
    channels: number,
    readonly splats: number,
  ) {
    super();
    this.output = new Linear(channels, splats * SPLAT_NUMBERS, { init: init.zeros() });
  }

  /** @returns raw [N, K·23] */
  forward(h_NC: Tensor): Tensor {
    return this.output.forward(h_NC);
  }
}

/**
 * @param raw [N, K·23]
 * @param coords_N4 int32 (batch, x, y, z)
 */
export function activate(raw: Tensor, coords_N4: Tensor): Splats {
  const n = raw.shape[0]!;
  const splats = raw.shape[1]! / SPLAT_NUMBERS;
  if (!Number.isInteger(splats)) throw new RangeError(`splats: ${raw.shape[1]} numbers a voxel do not divide into ${SPLAT_NUMBERS}`);
  const part = cutByAttribute(raw, n, splats);
  const spread = Tensor.from(hammersleyStart(splats), [1, splats, 3], { device: raw.device });
  const centre = coords_N4.narrow(1, 1, 3).to("f32").add(0.5).reshape([n, 1, 3]);
  const means = centre.add(part.offset.add(spread).tanh().mul(REACH));
  const scales = ops.aten
    .softplus(part.scale.add(inverseSoftplus(START_SCALE)))
    .pow(2)
    .add(LEAST_SCALE ** 2)
    .sqrt();
  const identity = Tensor.from(Float32Array.of(1, 0, 0, 0), [1, 1, 4], { device: raw.device });
  const turned = part.rotation.mul(ROTATION_GAIN).add(identity);
  const count = n * splats;
  return {
    means: means.reshape([count, 3]),
    quats: turned.div(ops.aten.linalgVectorNorm(turned, 2, [-1], true).clamp(1e-8)).reshape([count, 4]),
    scales: scales.reshape([count, 3]),
    opacities: part.opacity.add(logit(START_OPACITY)).sigmoid().reshape([count]),
    sh: part.sh.reshape([count, 4, 3]),
  };
}

type Part = (typeof SPLAT_LAYOUT)[number][0];

function cutByAttribute(raw: Tensor, n: number, splats: number): Record<Part, Tensor> {
  let start = 0;
  const parts = SPLAT_LAYOUT.map(([name, width]) => {
    const part = raw.narrow(1, start, splats * width).reshape([n, splats, width]);
    start += splats * width;
    return [name, part] as const;
  });
  return Object.fromEntries(parts) as Record<Part, Tensor>;
}

/** K points spread evenly through the reach, as raw offsets: atanh of the Hammersley set shrunk to a voxel. Else all K splats would start, and learn, alike. */
export function hammersleyStart(count: number): Float32Array {
  const raw = new Float32Array(3 * count);
  for (let i = 0; i < count; i++) {
    const point = [i / count, radicalInverse(i, 2), radicalInverse(i, 3)];
    for (let axis = 0; axis < 3; axis++) raw[3 * i + axis] = Math.atanh((2 * point[axis]! - 1) / (2 * REACH));
  }
  return raw;
}

function radicalInverse(index: number, base: number): number {
  let [value, digit, rest] = [0, 1 / base, index];
  while (rest > 0) {
    value += digit * (rest % base);
    rest = Math.floor(rest / base);
    digit /= base;
  }
  return value;
}

function inverseSoftplus(y: number): number {
  return Math.log(Math.expm1(y));
}

function logit(p: number): number {
  return Math.log(p / (1 - p));
}

/** SH degree 0 is a constant: colour = 0.5 + C₀ · coefficient. */
const SH_C0 = 0.28209479177387814;

/**
 * What colour each voxel is on the whole: its splats' base colours, weighted by opacity.
 *
 * @param voxels N
 * @returns [N, 3] in [0, 1]
 */
export function splatColours({ opacities, sh }: Splats, voxels: number): Float32Array {
  const base = sh.select(1, 0).mul(SH_C0).add(0.5).clamp(0, 1).reshape([voxels, -1, 3]);
  const weight = opacities.reshape([voxels, -1, 1]);
  return base.mul(weight).sum(1).div(weight.sum(1)).toArray() as Float32Array;
}

/** Turns that point a disc's normal along z, y and x. */
const THREE_WAYS = [1, 0, 0, 0, Math.SQRT1_2, Math.SQRT1_2, 0, 0, Math.SQRT1_2, 0, Math.SQRT1_2, 0];

/**
 * Every voxel in one opaque colour, as three crossed discs: what a texture model has to beat.
 *
 * @param rgb [N, 3] in [0, 1]
 */
export function opaqueSplats(coords_N4: Tensor, rgb: Float32Array): Splats {
  const n = coords_N4.shape[0]!;
  const { device } = coords_N4;
  const thrice = (x: Tensor) => ops.aten.repeatInterleave(x, 3, 0);
  const base = Tensor.from(
    rgb.map((value) => (value - 0.5) / SH_C0),
    [n, 1, 3],
    { device },
  );
  return {
    means: thrice(coords_N4.narrow(1, 1, 3).to("f32").add(0.5)),
    quats: ops.aten.repeat(Tensor.from(Float32Array.from(THREE_WAYS), [3, 4], { device }), [n, 1]),
    scales: Tensor.full([3 * n, 3], 0.45, { device }),
    opacities: Tensor.full([3 * n], 0.99, { device }),
    sh: thrice(ops.aten.cat([base, Tensor.zeros([n, 3, 3], { device })], 1)),
  };
}
