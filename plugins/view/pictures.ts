/**
 * Maps of numbers as pictures for people: colour, depth, normals, land cover, heights. Row 0 is on top everywhere.
 *
 * These are to look at; the numbers themselves lie beside them in float or palette files.
 */
import { mkdirSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import sharp from "sharp";
import { PALETTE } from "../earth/api";

export interface Picture {
  width: number;
  height: number;
  /** [height, width, 3] sRGB. */
  rgb: Uint8Array;
}

/** Where there is nothing: no surface, no label, no height. */
const NOTHING = [236, 236, 232] as const;

/** Viridis (CC0, van der Walt and Smith) at nine even steps: even in lightness, readable without colour vision. */
const VIRIDIS = [
  [68, 1, 84],
  [71, 44, 122],
  [59, 81, 139],
  [44, 113, 142],
  [33, 144, 141],
  [39, 173, 129],
  [92, 200, 99],
  [170, 220, 50],
  [253, 231, 37],
] as const;

/** Valley green over straw and stone to snow. */
const RELIEF = [
  [74, 124, 89],
  [131, 165, 105],
  [196, 199, 135],
  [222, 196, 143],
  [184, 152, 120],
  [160, 142, 134],
  [240, 240, 240],
] as const;

type Ramp = readonly (readonly [number, number, number])[];

function ramp(table: Ramp, t: number, out: Uint8Array, at: number, light = 1): void {
  const x = Math.min(1, Math.max(0, t)) * (table.length - 1);
  const i = Math.min(Math.floor(x), table.length - 2);
  const [a, b] = [table[i]!, table[i + 1]!];
  for (let c = 0; c < 3; c++) out[at + c] = Math.min(255, (a[c]! + (x - i) * (b[c]! - a[c]!)) * light);
}

function paint(width: number, height: number, length: number, pixel: (i: number, rgb: Uint8Array, at: number) => boolean): Picture {
  if (length !== width * height) throw new RangeError(`picture: ${length} values for ${width} × ${height} pixels`);
  const rgb = new Uint8Array(3 * length);
  for (let i = 0; i < length; i++) if (!pixel(i, rgb, 3 * i)) rgb.set(NOTHING, 3 * i);
  return { width, height, rgb };
}

/** @param values [height, width, 3], bytes or 0–1 */
export function colourPicture(values: Uint8Array | Float32Array, width: number, height: number): Picture {
  if (values.length !== 3 * width * height) throw new RangeError(`picture: ${values.length} values for ${width} × ${height} pixels of 3`);
  return {
    width,
    height,
    rgb: values instanceof Uint8Array ? values : Uint8Array.from(values, (v) => Math.round(255 * Math.min(1, Math.max(0, v)))),
  };
}

/** Near is bright. @param depth metres, 0 = nothing; `range_m` spans the colours, by default the 1st to the 99th percentile */
export function depthPicture(depth: Float32Array, width: number, height: number, range_m?: readonly [number, number]): Picture {
  const [near, far] = range_m ?? percentiles(depth.filter((d) => d > 0));
  return paint(width, height, depth.length, (i, rgb, at) => {
    if (!(depth[i]! > 0)) return false;
    ramp(VIRIDIS, 1 - (depth[i]! - near) / Math.max(far - near, 1e-9), rgb, at);
    return true;
  });
}

/** East, north, up as red, green, blue. @param normals [height, width, 3]: floats of length 1 or int8 of length 127; zeros = nothing */
export function normalPicture(normals: Float32Array | Int8Array, width: number, height: number): Picture {
  const unit = normals instanceof Int8Array ? 127 : 1;
  return paint(width, height, normals.length / 3, (i, rgb, at) => {
    const n = normals.subarray(3 * i, 3 * i + 3);
    if (n[0] === 0 && n[1] === 0 && n[2] === 0) return false;
    for (let c = 0; c < 3; c++) rgb[at + c] = Math.round(127.5 * (1 + n[c]! / unit));
    return true;
  });
}

/** Land cover in the colours of Table 13. @param ids [height, width], 0 = unlabelled */
export function semanticPicture(ids: Uint8Array, width: number, height: number): Picture {
  return paint(width, height, ids.length, (i, rgb, at) => {
    if (ids[i] === 0) return false;
    for (let c = 0; c < 3; c++) rgb[at + c] = PALETTE[3 * ids[i]! + c] ?? 0;
    return true;
  });
}

/** Heights in colours of a relief map, shaded by a sun in the north-west. @param heights metres, NaN = nothing @param pixel_m edge of a pixel */
export function heightPicture(heights: Float32Array, width: number, height: number, pixel_m: number, range_m?: readonly [number, number]): Picture {
  const [low, high] = range_m ?? percentiles(heights.filter(Number.isFinite));
  const at = (row: number, column: number, fallback: number) => {
    const h = heights[Math.min(height - 1, Math.max(0, row)) * width + Math.min(width - 1, Math.max(0, column))]!;
    return Number.isFinite(h) ? h : fallback;
  };
  const sun = [-0.5, 0.5, Math.SQRT1_2]; // east, north, up
  return paint(width, height, heights.length, (i, rgb, to) => {
    const h = heights[i]!;
    if (!Number.isFinite(h)) return false;
    const [row, column] = [Math.floor(i / width), i % width];
    const east = (at(row, column + 1, h) - at(row, column - 1, h)) / (2 * pixel_m);
    const north = (at(row - 1, column, h) - at(row + 1, column, h)) / (2 * pixel_m);
    const light = (-east * sun[0]! - north * sun[1]! + sun[2]!) / Math.hypot(east, north, 1);
    ramp(RELIEF, (h - low) / Math.max(high - low, 1e-9), rgb, to, 0.45 + 0.55 * Math.max(0, light / sun[2]!));
    return true;
  });
}

function percentiles(values: Float32Array): [number, number] {
  if (values.length === 0) return [0, 1];
  const sorted = values.toSorted();
  const at = (q: number) => sorted[Math.round(q * (sorted.length - 1))]!;
  return [at(0.01), at(0.99)];
}

/** Pictures side by side with a hair of space, scaled up to the tallest by whole steps. */
export function beside(pictures: readonly Picture[], gap = 2): Picture {
  const height = Math.max(...pictures.map((picture) => picture.height));
  const scaled = pictures.map((picture) => enlarge(picture, Math.max(1, Math.floor(height / picture.height))));
  const width = scaled.reduce((sum, picture) => sum + picture.width, gap * (pictures.length - 1));
  const rgb = new Uint8Array(3 * width * height).fill(255);
  let left = 0;
  for (const picture of scaled) {
    for (let row = 0; row < picture.height; row++)
      rgb.set(picture.rgb.subarray(3 * row * picture.width, 3 * (row + 1) * picture.width), 3 * (row * width + left));
    left += picture.width + gap;
  }
  return { width, height, rgb };
}

/** Every pixel `times` × `times`, so that small renders keep their pixels in viewers that would blur them. */
export function enlarge({ width, height, rgb }: Picture, times: number): Picture {
  if (times === 1) return { width, height, rgb };
  const [w, h] = [width * times, height * times];
  const out = new Uint8Array(3 * w * h);
  for (let row = 0; row < h; row++)
    for (let column = 0; column < w; column++) {
      const from = 3 * (Math.floor(row / times) * width + Math.floor(column / times));
      out.set(rgb.subarray(from, from + 3), 3 * (row * w + column));
    }
  return { width: w, height: h, rgb: out };
}

/** Writes a PNG, under a temporary name first. */
export async function writePng(path: string, { width, height, rgb }: Picture): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  const part = `${path}.${process.pid}.part`;
  await sharp(rgb, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 9 })
    .toFile(part);
  renameSync(part, path);
}
