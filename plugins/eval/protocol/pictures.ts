/** Pictures of crops for the report, of one size and side by side. */
import type { Tensor } from "../../../ffi";
import { type CropWindow, windowMap, windowVoxels } from "../../sample/api";
import { heightRange, relief } from "../../train/api";
import { beside, enlarge, type Picture, semanticPicture, topPicture } from "../../view/api";

/** Gap between pictures of a row, in pixels. */
const GAP = 4;

/** @param picture u8 [H, W, 3], enlarged by whole steps up to `pixels` */
export function pictureOf(picture: Tensor, pixels: number): Picture {
  const [height, width] = picture.shape as [number, number, number];
  return enlarge({ width, height, rgb: picture.toArray() as Uint8Array }, Math.max(1, Math.floor(pixels / Math.max(width, height))));
}

/** Voxels with their colours. */
export interface Coloured {
  /** [N, 3]. */
  coords: Int32Array;
  /** [N, 3] sRGB. */
  rgb: Uint8Array;
}

/** The truth in a window. */
export function trueScene(window: CropWindow): Coloured {
  const { coords, rows } = windowVoxels(window);
  const all = window.sample.rgb.data as Uint8Array;
  const rgb = new Uint8Array(3 * rows.length);
  for (const [i, row] of rows.entries()) rgb.set(all.subarray(3 * row, 3 * row + 3), 3 * i);
  return { coords, rgb };
}

/** A crop's map, then scenes from above; null leaves a place empty. */
export function sceneRow(window: CropWindow, scenes: readonly (Coloured | null)[]): Picture {
  const { extent, lattice } = window;
  const pixels = Math.max(192, extent);
  const times = Math.max(1, Math.floor(pixels / extent));
  const placed = { voxel_m: lattice.voxel_m, corner_m: lattice.origin_m };
  const from = (scene: Coloured | null) =>
    topPicture({ ...(scene ?? { coords: new Int32Array(), rgb: new Uint8Array() }), ...placed }, pixels, [extent, extent]);
  return beside([enlarge(semanticPicture(windowMap(window), extent, extent), times), ...scenes.map(from)], GAP);
}

/** A crop's map, then coarse cells from above in heights of one ramp. @param edge of the coarse grid */
export function cellRow(window: CropWindow, cells: readonly (Int32Array | null)[], edge: number): Picture {
  const range = heightRange(...cells.filter((set) => set !== null));
  const map = semanticPicture(windowMap(window), window.extent, window.extent);
  const shown = cells.map((set) => pictureOf(relief(set ?? new Int32Array(), edge, range), 192));
  return beside([enlarge(map, Math.max(1, Math.floor(192 / window.extent))), ...shown], GAP);
}

/** Rows under each other. */
export function stack(rows: readonly Picture[]): Picture {
  const width = Math.max(...rows.map((row) => row.width));
  const height = rows.reduce((sum, row) => sum + row.height + GAP, 0);
  const rgb = new Uint8Array(3 * width * height).fill(255);
  let top = 0;
  for (const row of rows) {
    for (let y = 0; y < row.height; y++) rgb.set(row.rgb.subarray(3 * y * row.width, 3 * (y + 1) * row.width), 3 * (top + y) * width);
    top += row.height + GAP;
  }
  return { width, height, rgb };
}
