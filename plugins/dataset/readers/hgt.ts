/** SRTM tiles: `.hgt` (N43E007.hgt, 1201² or 3601² big-endian int16 at whole-second points, edge rows shared with the neighbours) and `.hgt.zip`. */
import { basename } from "node:path";
import { unzipSync } from "fflate";
import { type Bounds, badInput } from "./bad-input";
import type { HeightRaster } from "./height-raster";

const VOID = -32768;
const LARGEST_BYTES = 2 * 3601 * 3601;

export async function readHgt(file: string): Promise<HeightRaster & { bounds: Bounds }> {
  let bytes: Uint8Array = new Uint8Array(await Bun.file(file).arrayBuffer());
  let name = basename(file);
  if (name.toLowerCase().endsWith(".zip")) {
    const found = unpack(file, bytes);
    [name, bytes] = [basename(found[0]), found[1]];
  }
  const match = /^([NS])(\d{2})([EW])(\d{3})/i.exec(name);
  if (!match) throw badInput(file, `the tile's name "${name}" says no position`, "name it after its south-western corner, like N43E007.hgt");
  const lat = Number(match[2]) * (match[1]!.toUpperCase() === "N" ? 1 : -1);
  const lon = Number(match[4]) * (match[3]!.toUpperCase() === "E" ? 1 : -1);
  const side = Math.sqrt(bytes.length / 2);
  if (side !== 1201 && side !== 3601) throw badInput(file, `an SRTM tile has 1201 × 1201 or 3601 × 3601 heights, this one has ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Float32Array(side * side);
  for (let i = 0; i < values.length; i++) {
    const v = view.getInt16(2 * i);
    values[i] = v === VOID ? Number.NaN : v;
  }
  return {
    file,
    width: side,
    height: side,
    values,
    // points, not areas: the centre of pixel (0, 0) is the tile's north-western corner
    pixelOf: (x, y) => [(x - lon) * (side - 1) + 0.5, (lat + 1 - y) * (side - 1) + 0.5],
    pixel_m: 111_320 / (side - 1),
    vertical: "egm96",
    bounds: { west: lon, south: lat, east: lon + 1, north: lat + 1 },
  };
}

/** The one .hgt in a zip. Sizes are checked before anything is inflated: a bomb must not fill the memory. */
function unpack(file: string, bytes: Uint8Array): [string, Uint8Array] {
  let refused: string | undefined;
  let entries: Record<string, Uint8Array>;
  try {
    entries = unzipSync(bytes, {
      filter: (entry) => {
        if (!/\.hgt$/i.test(entry.name)) return false;
        if (entry.originalSize > LARGEST_BYTES)
          refused = `${entry.name} in it says it has ${entry.originalSize} bytes; the largest SRTM tile has ${LARGEST_BYTES}`;
        return refused === undefined;
      },
    });
  } catch (error) {
    throw badInput(file, `not a readable zip: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (refused !== undefined) throw badInput(file, refused);
  const found = Object.entries(entries);
  if (found.length !== 1) throw badInput(file, `holds ${found.length} .hgt tiles instead of one`);
  return found[0]!;
}
