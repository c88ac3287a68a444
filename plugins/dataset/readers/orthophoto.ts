/** Pictures from above: GeoTIFF or COG with one band (grey), three (RGB) or four (RGB and alpha), 8 or 16 bits. */
import type { Bounds } from "./bad-input";
import { readWindow } from "./geotiff";

export interface Orthophoto {
  width: number;
  height: number;
  /** sRGB, 3 bytes a pixel, row-major from the north. */
  rgb: Uint8Array;
  /** 0 where the file has no picture. */
  valid: Uint8Array;
  pixelOf(lon: number, lat: number): readonly [number, number];
  pixel_m: number;
}

/**
 * Values of more than 8 bits are stretched so that the darkest and the brightest 1 % are black and white.
 * @param finest_m resolution that is enough: a coarser overview is taken where the file has one
 */
export async function readOrthophoto(file: string, bounds: Bounds, finest_m: number): Promise<Orthophoto | undefined> {
  const window = await readWindow(file, bounds, [0, 1, 2, 3], finest_m);
  if (window === undefined) return undefined;
  const { bands, nodata, width, height, bitsPerSample, pixelOf, pixel_m } = window;
  const color = bands.length >= 3 ? [bands[0]!, bands[1]!, bands[2]!] : [bands[0]!, bands[0]!, bands[0]!];
  const alpha = bands.length === 4 ? bands[3] : bands.length === 2 ? bands[1] : undefined;
  const valid = new Uint8Array(width * height);
  for (let i = 0; i < valid.length; i++)
    valid[i] = (alpha === undefined || alpha[i]! > 0) && !(nodata !== null && color.every((band) => band[i] === nodata)) ? 1 : 0;
  const [black, white] = bitsPerSample <= 8 ? [0, 255] : range(color, valid);
  const rgb = new Uint8Array(3 * valid.length);
  for (let i = 0; i < valid.length; i++)
    for (let k = 0; k < 3; k++) rgb[3 * i + k] = Math.max(0, Math.min(255, Math.round((255 * (color[k]![i]! - black)) / (white - black))));
  return { width, height, rgb, valid, pixelOf, pixel_m };
}

/** The 1st and 99th percentile over all bands, from at most some 100,000 pixels. */
function range(bands: readonly ArrayLike<number>[], valid: Uint8Array): [number, number] {
  const step = Math.max(1, Math.floor(valid.length / 100_000));
  const values: number[] = [];
  for (let i = 0; i < valid.length; i += step) if (valid[i]) for (const band of bands) values.push(band[i]!);
  values.sort((a, b) => a - b);
  const at = (q: number) => values[Math.min(values.length - 1, Math.floor(q * values.length))] ?? 0;
  return [at(0.01), Math.max(at(0.99), at(0.01) + 1)];
}
