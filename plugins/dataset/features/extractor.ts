/**
 * What turns a picture into the 66 channels of a voxel (Eq. 1): [f0; f1; f2; f_rgb; f_n].
 *
 * f0, f1, f2 are 16-channel features of the picture at scales 1, 1/2 and 1/4, brought back to its size by nearest neighbour; f_rgb the pixel and its four neighbours; f_n the surface's world normal.
 */
import { ops, scope, type Tensor } from "../../../ffi";

export interface FeatureExtractor {
  /** Goes into samples and checkpoints: features of one extractor mean nothing to a model trained on another's. */
  readonly id: string;
  /** Pixels along the edge of the patch that one feature describes. */
  readonly patch: number;
  /**
   * @param rgb_M3HW float32 in [0, 1]; H and W multiples of `patch`
   * @returns float32 [M, 16, H / patch, W / patch]
   */
  encode(rgb_M3HW: Tensor): Tensor;
  /** What mirroring the picture left to right multiplies each of the 16 channels by. */
  readonly mirrorSigns: readonly number[];
}

export const FEATURE_CHANNELS = 16;
export const SCALES = 3;
/** [f0; f1; f2; f_rgb; f_n], Eq. 1. */
export const VOXEL_CHANNELS = FEATURE_CHANNELS * SCALES + 15 + 3;

/**
 * [f0; f1; f2; f_rgb]: all of Eq. 1 that comes from the picture.
 *
 * @param rgb_M3HW float32 in [0, 1]
 * @returns float32 [M, 63, H, W]
 */
export function imageFeatures(extractor: FeatureExtractor, rgb_M3HW: Tensor): Tensor {
  return scope(() => {
    const [, , height, width] = rgb_M3HW.shape as [number, number, number, number];
    const coarsest = extractor.patch * 2 ** (SCALES - 1);
    const [padH, padW] = [(coarsest - (height % coarsest)) % coarsest, (coarsest - (width % coarsest)) % coarsest];
    const padded = padH + padW > 0 ? ops.aten.pad(rgb_M3HW, [0, padW, 0, padH], "replicate") : rgb_M3HW;
    const parts = Array.from({ length: SCALES }, (_, level) => {
      const half = 2 ** level;
      const features = extractor.encode(level === 0 ? padded : ops.aten.avgPool2d(padded, [half, half]));
      return ops.aten
        .upsampleNearest2d(features, [height + padH, width + padW])
        .narrow(2, 0, height)
        .narrow(3, 0, width);
    });
    return ops.aten.cat([...parts, crossRgb(rgb_M3HW)], 1);
  });
}

/** The pixel and its left, right, upper and lower neighbours as 5 × RGB in [−1, 1]; beyond the border the border's pixel. [M, 15, H, W]. */
export function crossRgb(rgb_M3HW: Tensor): Tensor {
  return scope(() => {
    const [, , height, width] = rgb_M3HW.shape as [number, number, number, number];
    const framed = ops.aten.pad(rgb_M3HW.mul(2).sub(1), [1, 1, 1, 1], "replicate");
    const at = (down: number, right: number) => framed.narrow(2, 1 + down, height).narrow(3, 1 + right, width);
    return ops.aten.cat([at(0, 0), at(0, -1), at(0, 1), at(-1, 0), at(1, 0)], 1);
  });
}

/**
 * How a voxel's 66 channels change when its scene is mirrored along one horizontal axis, so that every picture of it is mirrored left to right:
 * new[c] = sign[c] · old[source[c]].
 */
export function mirrorChannels(extractor: FeatureExtractor, axis: "x" | "y"): { source: number[]; sign: number[] } {
  const image = FEATURE_CHANNELS * SCALES;
  const source = Array.from({ length: VOXEL_CHANNELS }, (_, c) => c);
  for (let k = 0; k < 3; k++) [source[image + 3 + k], source[image + 6 + k]] = [image + 6 + k, image + 3 + k]; // left and right
  const sign = source.map((_, c) => (c < image ? extractor.mirrorSigns[c % FEATURE_CHANNELS]! : 1));
  sign[VOXEL_CHANNELS - 3 + (axis === "x" ? 0 : 1)] = -1;
  return { source, sign };
}
