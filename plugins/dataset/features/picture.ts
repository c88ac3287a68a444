/** Features of one picture, a vector a patch: what TexFM's conditions lay on voxels. */
import { onDevice, ops, scope, Tensor } from "../../../ffi";
import { PALETTE } from "../../earth/api";
import { FEATURE_CHANNELS, type FeatureExtractor } from "./extractor";

export interface PatchFeatures {
  /** [channels, rows, columns]. */
  values: Float32Array;
  channels: number;
  rows: number;
  columns: number;
  /** Edge of a patch in pixels of the picture, or in cells of the map. */
  patch: number;
}

/**
 * @param rgb u8 [height, width, 3]; the border repeats to whole patches
 * @param enlarge pixels that the extractor sees for one of the picture's
 */
export function pictureFeatures(extractor: FeatureExtractor, rgb: Uint8Array, width: number, height: number, enlarge = 1): PatchFeatures {
  const { patch } = extractor;
  // They go back into an array: a GPU would be waited for.
  return onDevice("cpu", () =>
    scope(() => {
      const small = Tensor.from(rgb, [1, height, width, 3]).to("f32").div(255).permute([0, 3, 1, 2]);
      const [h, w] = [height * enlarge, width * enlarge];
      const picture = enlarge === 1 ? small : ops.aten.upsampleNearest2d(small, [h, w]);
      const [padH, padW] = [(patch - (h % patch)) % patch, (patch - (w % patch)) % patch];
      const padded = padH + padW > 0 ? ops.aten.pad(picture, [0, padW, 0, padH], "replicate") : picture;
      const encoded = extractor.encode(padded.contiguous());
      const [, , rows, columns] = encoded.shape as [number, number, number, number];
      return { values: encoded.toArray() as Float32Array, channels: FEATURE_CHANNELS, rows, columns, patch: patch / enlarge };
    }),
  );
}

/**
 * A map in Table 13's colours, through the extractor.
 *
 * @param ids u8 [extent, extent]
 * @param pixels drawn for one cell: at the patch's edge every cell has features of its own
 */
export function mapFeatures(extractor: FeatureExtractor, ids: Uint8Array, extent: number, pixels: number): PatchFeatures {
  const rgb = new Uint8Array(3 * ids.length);
  for (const [i, id] of ids.entries()) rgb.set(PALETTE.subarray(3 * id, 3 * id + 3), 3 * i);
  return pictureFeatures(extractor, rgb, extent, extent, pixels);
}
