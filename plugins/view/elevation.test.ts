import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { peer, runPeer } from "../../test/peers/python";
import { EnuFrame, geoidSeparation, georeference } from "../earth/api";
import { encodeElevation, heightMap } from "./elevation";
import type { Voxels } from "./voxels";

/** A wedge that rises to the east, with a tower in its north-western cell and a hole. */
const coords = Array.from({ length: 40 * 30 }, (_, i) => [i % 40, Math.floor(i / 40), Math.floor((i % 40) / 4)])
  .filter(([x, y]) => !(x === 7 && y === 2))
  .concat([[0, 29, 25]])
  .flat();
const voxels: Voxels = { coords: Int16Array.from(coords), rgb: new Uint8Array(coords.length), voxel_m: 2.5, corner_m: [-50, -37.5, -12] };
const origin = { lat: -33.9, lon: 18.43, h: 61 };

interface Read {
  shape: [number, number];
  epsg: number | null;
  vertical: number | null;
  points: { lon: number; lat: number; height: number | null }[];
}

function readBack(bytes: Uint8Array, pixels: [number, number][]): Read {
  const dir = mkdtempSync(join(tmpdir(), "earthcraft-elevation-"));
  writeFileSync(join(dir, "a.tif"), bytes);
  const read = runPeer<Read>("elevation_points.py", [join(dir, "a.tif")], pixels);
  rmSync(dir, { recursive: true });
  return read;
}

describe("elevation", () => {
  test("the height map is north-up, and the highest voxel of a column wins", () => {
    const map = heightMap(voxels);
    expect([map.width, map.height]).toEqual([40, 30]);
    expect(map.values[0]).toBe(-12 + 26 * 2.5);
    expect(map.values[39]).toBe(-12 + 10 * 2.5);
    expect(map.values[27 * 40 + 7]).toBeNaN();
    expect([map.west_m, map.north_m]).toEqual([-50, 37.5]);
  });

  peer("rasterio finds every pixel within 2 mm of its place, at its height above the sea", () => {
    const pixels: [number, number][] = [
      [0, 0],
      [39, 0],
      [0, 29],
      [39, 29],
      [7, 27],
    ];
    const read = readBack(encodeElevation(voxels, georeference(origin, "egm96", [])), pixels);
    expect(read).toMatchObject({ shape: [30, 40], epsg: 32734, vertical: 5773 });
    const frame = new EnuFrame(origin);
    const map = heightMap(voxels);
    for (const [i, { lon, lat, height }] of read.points.entries()) {
      const [column, row] = pixels[i]!;
      const up = map.values[row * 40 + column]!;
      expect(height === null).toBe(Number.isNaN(up));
      if (height === null) continue;
      const h = height + geoidSeparation(lat, lon);
      const [east, north, z] = frame.fromGeodetic({ lat, lon, h });
      expect(Math.abs(east - (-50 + (column + 0.5) * 2.5))).toBeLessThan(0.002);
      expect(Math.abs(north - (37.5 - (row + 0.5) * 2.5))).toBeLessThan(0.002);
      expect(Math.abs(z - up)).toBeLessThan(0.001);
    }
  });

  peer("what was generated nowhere has no CRS", () => {
    expect(readBack(encodeElevation(voxels), [])).toMatchObject({ shape: [30, 40], epsg: null, vertical: null });
  });
});
