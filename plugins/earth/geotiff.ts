/**
 * Writes one band of heights as a GeoTIFF (TIFF 6.0, OGC GeoTIFF 1.1): float32 strips, deflate, the CRS and the vertical datum in the GeoKeys, nodata in GDAL's tag.
 */
import { zlibSync } from "fflate";

/** Column and row of a pixel's corner → model coordinates: x = a · column + b · row + c, y = d · column + e · row + f (GDAL's order is c a b f d e). */
export type PixelToModel = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

export interface GeoTiffHeights {
  width: number;
  height: number;
  /** Row-major, row 0 in the north. NaN where there is no height. */
  values: Float32Array;
  /** From the outer corner of the first pixel (PixelIsArea). */
  pixelToModel: PixelToModel;
  /** EPSG codes of a projected CRS in metres and of the vertical CRS; a raster without a place on Earth has none. */
  epsg?: number;
  verticalEpsg?: number;
  citation: string;
}

/** Rows run from north to south and columns from west to east. @param west, north outer corner of the north-western pixel */
export function northUp(west: number, north: number, pixel_m: number): PixelToModel {
  return [pixel_m, 0, west, 0, -pixel_m, north];
}

const NODATA = -9999;
const ROWS_PER_STRIP = 64;
const METRE = 9001;
const [ASCII, SHORT, LONG, DOUBLE] = [2, 3, 4, 12] as const;

type Entry = [tag: number, type: number, values: number[] | string];

export function writeGeoTiff(raster: GeoTiffHeights): Uint8Array {
  const { width, height } = raster;
  const strips: Uint8Array[] = [];
  for (let row = 0; row < height; row += ROWS_PER_STRIP) {
    const strip = Float32Array.from(raster.values.subarray(row * width, Math.min(height, row + ROWS_PER_STRIP) * width), (v) =>
      Number.isNaN(v) ? NODATA : v,
    );
    strips.push(zlibSync(new Uint8Array(strip.buffer), { level: 6 }));
  }
  const citation = `${raster.citation}|`;
  const [a, b, c, d, e, f] = raster.pixelToModel;
  const upright = b === 0 && d === 0 && a > 0 && e < 0;
  const placement: Entry[] = upright
    ? [
        [33550, DOUBLE, [a, -e, 0]],
        [33922, DOUBLE, [0, 0, 0, c, f, 0]],
      ]
    : [[34264, DOUBLE, [a, b, 0, c, d, e, 0, f, 0, 0, 0, 0, 0, 0, 0, 1]]];
  const projected = raster.epsg === undefined ? undefined : 1;
  const geoKeys = [
    [1024, 0, 1, projected], // GTModelType: projected
    [1025, 0, 1, 1], // GTRasterType: PixelIsArea
    [1026, 34737, citation.length, 0], // GTCitation
    [3072, 0, 1, raster.epsg], // ProjectedCRS
    [3076, 0, 1, projected && METRE], // ProjLinearUnits
    [4096, 0, 1, raster.verticalEpsg], // Vertical CRS
    [4099, 0, 1, raster.verticalEpsg && METRE], // VerticalUnits
  ].filter((key): key is number[] => key[3] !== undefined);
  const offsets = strips.map(() => 0); // filled in once the directory's size is known
  const entries: Entry[] = [
    [256, LONG, [width]],
    [257, LONG, [height]],
    [258, SHORT, [32]],
    [259, SHORT, [8]], // deflate
    [262, SHORT, [1]], // black is zero
    [273, LONG, offsets],
    [277, SHORT, [1]],
    [278, LONG, [ROWS_PER_STRIP]],
    [279, LONG, strips.map((s) => s.length)],
    [339, SHORT, [3]], // floating point
    ...placement,
    [34735, SHORT, [1, 1, 1, geoKeys.length, ...geoKeys.flat()]],
    [34737, ASCII, `${citation}\0`],
    [42113, ASCII, `${NODATA}\0`],
  ];
  const size = ([, type, values]: Entry) => values.length * { [ASCII]: 1, [SHORT]: 2, [LONG]: 4, [DOUBLE]: 8 }[type]!;
  const directory = 2 + 12 * entries.length + 4;
  let end = 8 + directory + entries.reduce((sum, e) => sum + (size(e) > 4 ? size(e) + (size(e) & 1) : 0), 0);
  for (let i = 0; i < strips.length; i++) {
    offsets[i] = end;
    end += strips[i]!.length;
  }
  const bytes = new Uint8Array(end);
  const view = new DataView(bytes.buffer);
  bytes.set([0x49, 0x49, 42, 0, 8, 0, 0, 0]); // little-endian, version 42, directory at 8
  view.setUint16(8, entries.length, true);
  let outside = 8 + directory;
  for (const [i, entry] of entries.entries()) {
    const [tag, type, values] = entry;
    const at = 10 + 12 * i;
    view.setUint16(at, tag, true);
    view.setUint16(at + 2, type, true);
    view.setUint32(at + 4, values.length, true);
    let to = at + 8;
    if (size(entry) > 4) {
      view.setUint32(at + 8, outside, true);
      to = outside;
      outside += size(entry) + (size(entry) & 1);
    }
    for (let k = 0; k < values.length; k++) {
      const value = typeof values === "string" ? values.charCodeAt(k) : values[k]!;
      if (type === ASCII) view.setUint8(to + k, value);
      else if (type === SHORT) view.setUint16(to + 2 * k, value, true);
      else if (type === LONG) view.setUint32(to + 4 * k, value, true);
      else view.setFloat64(to + 8 * k, value, true);
    }
  }
  for (let i = 0; i < strips.length; i++) bytes.set(strips[i]!, offsets[i]!);
  return bytes;
}
