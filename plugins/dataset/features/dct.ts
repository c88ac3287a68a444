/**
 * Features without a network: the low frequencies of 8 × 8 patches in YCbCr, as JPEG keeps them. They stand in where no weights of a learned encoder are installed, at the same 16 channels and the same stride.
 */
import { Arena, ops, scope, Tensor } from "../../../ffi";
import { FEATURE_CHANNELS, type FeatureExtractor } from "./extractor";

const PATCH = 8;
/** JPEG's zig-zag, (row, column): down is a row's frequency, right a column's. */
const ZIGZAG = [
  [0, 0],
  [0, 1],
  [1, 0],
  [2, 0],
  [1, 1],
  [0, 2],
  [0, 3],
  [1, 2],
] as const;
/** JPEG's full-range YCbCr; Y is centred by a bias. */
const YCBCR = [
  [0.299, 0.587, 0.114],
  [-0.168736, -0.331264, 0.5],
  [0.5, -0.418688, -0.081312],
] as const;
/** 8 coefficients of Y, 4 of Cb, 4 of Cr. */
const CHANNELS = [8, 4, 4].flatMap((count, plane) => ZIGZAG.slice(0, count).map(([v, u]) => ({ plane, v, u })));
/** A patch's mean in [−1, 1]; the other coefficients orthonormal, which leaves them about as large. */
const MEAN_GAIN = 1 / 4;

/** [16, 3, 8, 8]: colour transform and cosine transform in one convolution. */
export function dctKernel(): Float32Array {
  const kernel = new Float32Array(FEATURE_CHANNELS * 3 * PATCH * PATCH);
  const basis = (k: number, i: number) =>
    (k === 0 ? Math.sqrt(1 / PATCH) : Math.sqrt(2 / PATCH)) * Math.cos(((2 * i + 1) * k * Math.PI) / (2 * PATCH));
  let at = 0;
  for (const { plane, v, u } of CHANNELS)
    for (let c = 0; c < 3; c++)
      for (let y = 0; y < PATCH; y++)
        for (let x = 0; x < PATCH; x++) kernel[at++] = YCBCR[plane]![c]! * basis(v, y) * basis(u, x) * (v + u === 0 ? MEAN_GAIN : 1);
  return kernel;
}

let constants: { kernel: Tensor; bias: Tensor } | undefined;

function fixed(): { kernel: Tensor; bias: Tensor } {
  constants ??= new Arena("dct features").run(() => ({
    kernel: Tensor.from(dctKernel(), [FEATURE_CHANNELS, 3, PATCH, PATCH]),
    bias: Tensor.from(
      CHANNELS.map(({ plane, v, u }) => (plane + v + u === 0 ? -0.5 * PATCH * MEAN_GAIN : 0)),
      [FEATURE_CHANNELS],
    ),
  }));
  return constants;
}

export const dct: FeatureExtractor = {
  id: "dct-ycbcr-8.4.4-1",
  patch: PATCH,
  encode: (rgb_M3HW) =>
    scope(() => {
      const { kernel, bias } = fixed();
      return ops.aten.conv2d(rgb_M3HW, kernel, bias, [PATCH, PATCH]);
    }),
  mirrorSigns: CHANNELS.map(({ u }) => (u % 2 === 0 ? 1 : -1)),
};
