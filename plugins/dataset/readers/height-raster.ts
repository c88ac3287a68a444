/** Heights on a georeferenced grid, whatever file they came from. */
import type { Vertical } from "../../earth/api";
import { badInput } from "./bad-input";

export interface HeightRaster {
  file: string;
  width: number;
  height: number;
  /** In the file's unit, row-major from the north; NaN = void. */
  values: Float32Array;
  /** Where a point of the globe falls, in pixels: the centre of pixel (column i, row j) is (i + 0.5, j + 0.5). */
  pixelOf(lon: number, lat: number): readonly [number, number];
  /** Edge of a pixel on the ground, about, in metres. */
  pixel_m: number;
  /** Metres a unit of height, as the file says; 1 where it says nothing. */
  unit_m?: number;
  /** The vertical datum that the file itself names. */
  vertical?: Vertical;
}

/** Most pixels that one file may contribute to a place. */
export const PIXEL_CAP = 100_000_000;

/** Bilinear height at a pixel position; NaN outside the grid and where one of the four neighbours is a void. Half a pixel beyond the outermost centres still counts as inside. */
export function sampleHeight(raster: HeightRaster, column: number, row: number): number {
  const { width, height, values } = raster;
  if (!(column >= 0 && row >= 0 && column <= width && row <= height)) return Number.NaN;
  const u = Math.min(width - 1, Math.max(0, column - 0.5));
  const v = Math.min(height - 1, Math.max(0, row - 0.5));
  const [i, j] = [Math.min(Math.floor(u), Math.max(0, width - 2)), Math.min(Math.floor(v), Math.max(0, height - 2))];
  const [fu, fv] = [u - i, v - j];
  const [right, down] = [width > 1 ? 1 : 0, height > 1 ? width : 0];
  const at = j * width + i;
  const top = values[at]! * (1 - fu) + values[at + right]! * fu;
  const bottom = values[at + down]! * (1 - fu) + values[at + down + right]! * fu;
  return top * (1 - fv) + bottom * fv;
}

export function checkPixelCount(file: string, width: number, height: number): void {
  if (width * height > PIXEL_CAP)
    throw badInput(
      file,
      `${width} × ${height} pixels of it lie in the place, more than ${PIXEL_CAP / 1e6} million`,
      "give the place a smaller extent_m, or cut and resample the file with gdalwarp",
    );
}
