/** Terrarium tiles: PNG whose pixel holds R · 256 + G + B / 256 − 32768 metres, on the Web Mercator tile z/x/y that its path or name gives. */
import sharp from "sharp";
import { type Bounds, badInput } from "./bad-input";
import type { HeightRaster } from "./height-raster";

const EARTH_M = 40_075_016.686;

export async function readTerrarium(file: string): Promise<HeightRaster & { bounds: Bounds }> {
  const tile = /(\d{1,2})[/_-](\d+)[/_-](\d+)\.png$/i.exec(file.replaceAll("\\", "/"));
  if (!tile) throw badInput(file, "where this terrarium tile lies is unknown: its path does not end in z/x/y.png (or z-x-y.png)");
  const [z, x, y] = [Number(tile[1]), Number(tile[2]), Number(tile[3])];
  const n = 2 ** z;
  if (z > 22 || x >= n || y >= n) throw badInput(file, `there is no tile ${z}/${x}/${y}`);
  const { width, height, values } = await decodeTerrarium(file);
  return {
    file,
    width,
    height,
    values,
    pixelOf: (lon, lat) => {
      const phi = (Math.min(85.06, Math.max(-85.06, lat)) * Math.PI) / 180;
      return [(((lon + 180) / 360) * n - x) * width, (((1 - Math.asinh(Math.tan(phi)) / Math.PI) / 2) * n - y) * height];
    },
    pixel_m: EARTH_M / n / width,
    vertical: "egm96",
    bounds: { west: (360 * x) / n - 180, south: latitudeOf(y + 1, n), east: (360 * (x + 1)) / n - 180, north: latitudeOf(y, n) },
  };
}

/** Of the upper side of a row of tiles. */
function latitudeOf(row: number, rows: number): number {
  return (Math.atan(Math.sinh(Math.PI * (1 - (2 * row) / rows))) * 180) / Math.PI;
}

/** Heights of a terrarium PNG, wherever it lies. */
export async function decodeTerrarium(file: string): Promise<{ width: number; height: number; values: Float32Array }> {
  try {
    const { data, info } = await sharp(file, { limitInputPixels: 4096 * 4096 })
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== 3) throw new Error(`${info.channels} channels instead of 3`);
    const values = new Float32Array(info.width * info.height);
    for (let i = 0; i < values.length; i++) values[i] = data[3 * i]! * 256 + data[3 * i + 1]! + data[3 * i + 2]! / 256 - 32768;
    return { width: info.width, height: info.height, values };
  } catch (error) {
    throw badInput(file, `not a readable terrarium PNG: ${error instanceof Error ? error.message : String(error)}`);
  }
}
