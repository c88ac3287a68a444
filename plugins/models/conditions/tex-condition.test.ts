import { describe, expect, test } from "bun:test";
import { numbers } from "../../../test/voxels";
import { emptyOnVoxels, type FeatureMap, imageOnVoxels, mapOnVoxels } from "./tex-condition";
import type { CondVoxels } from "./voxel-set";

const fixed = (...values: number[]) => ({ uniform: (count: number) => Float32Array.from({ length: count }, (_, i) => values[i % values.length]!) });

/** 2 × 2 patches of 2 pixels with 2 channels: (row, column) and 10 times that. */
const features: FeatureMap = { values: Float32Array.of(1, 2, 3, 4, 10, 20, 30, 40), channels: 2, rows: 2, columns: 2, patch: 2 };

describe("mapOnVoxels", () => {
  test("the highest voxel of a column takes the patch above it, north being the first row", () => {
    // Two voxels in the column (0, 3), north-west; one in the south-east.
    const { coords, feats } = mapOnVoxels(Int32Array.of(0, 3, 1, 0, 3, 5, 3, 0, 2), features, 4);
    const found = new Map(
      Array.from({ length: coords.length / 3 }, (_, i) => [
        Array.from(coords.subarray(3 * i, 3 * i + 3)).join(),
        Array.from(feats.subarray(2 * i, 2 * i + 2)),
      ]),
    );
    expect(found).toEqual(
      new Map([
        ["3,0,2", [4, 40]],
        ["0,3,5", [1, 10]],
      ]),
    );
  });

  test("a scene under no ray is refused", () => {
    expect(() => mapOnVoxels(new Int32Array(), features, 4)).toThrow("meet no voxel");
  });
});

test("imageOnVoxels averages the pixels that see a voxel and skips the sky", () => {
  const hits = new Int32Array(16).fill(-1);
  hits[0] = 1; // patch (0, 0)
  hits[3] = 1; // patch (0, 1)
  hits[15] = 0; // patch (1, 1)
  const { coords, feats } = imageOnVoxels(Int32Array.of(7, 7, 7, 8, 8, 8), hits, features, 4);
  expect(Array.from(coords)).toEqual([8, 8, 8, 7, 7, 7]);
  expect(Array.from(feats)).toEqual([1.5, 15, 4, 40]);
});

test("emptyOnVoxels gives 10,000 different voxels of a large scene, and all of a small one, without features", () => {
  const many = Int32Array.from({ length: 3 * 12_000 }, (_, i) => Math.floor(i / 3));
  const empty = emptyOnVoxels(many, 16, fixed(0.5, 0.1, 0.999));
  expect(empty.coords).toHaveLength(30_000);
  expect(new Set(Array.from({ length: 10_000 }, (_, i) => empty.coords[3 * i])).size).toBe(10_000);
  expect(empty.feats.every((value) => value === 0)).toBe(true);
  expect(emptyOnVoxels(Int32Array.of(1, 2, 3), 16, fixed(0)).coords).toHaveLength(3);
});

describe("conditions are, byte for byte, plain loops'", () => {
  const next = numbers(21);
  const pictured = (rows: number, columns: number, patch: number): FeatureMap => {
    const channels = 16;
    return { values: Float32Array.from({ length: channels * rows * columns }, () => 3 * next() - 1), channels, rows, columns, patch };
  };

  test("pictures, with many pixels on a voxel, at every width of a patch", () => {
    for (const [width, height, patch] of [
      [64, 40, 8],
      [61, 43, 8],
      [30, 22, 1],
      [40, 24, 8 / 3],
    ] as const) {
      const coords = Int32Array.from({ length: 3 * 200 }, () => Math.floor(50 * next()));
      const hits = Int32Array.from({ length: width * height }, () => (next() < 0.3 ? -1 : Math.floor(190 * next() ** 3)));
      const features = pictured(Math.ceil(height / patch), Math.ceil(width / patch), patch);
      const pixels = [...hits.keys()].filter((pixel) => hits[pixel]! >= 0);
      expectBytes(
        imageOnVoxels(coords, hits, features, width),
        plainMean(
          coords,
          pixels.map((pixel) => [hits[pixel]!, pixel]),
          features,
          width,
        ),
      );
    }
  });

  test("maps, whatever lies above what, twice in one place, beyond the window's height and below 0", () => {
    for (const [extent, pixels] of [
      [24, 1],
      [21, 1],
      [20, 3],
      [13, 8],
      [11, 16],
    ] as const) {
      const coords = Int32Array.from({ length: 3 * 250 }, (_, i) => Math.floor(i % 3 === 2 ? 3 * extent * (next() - 0.5) : extent * next()));
      coords.copyWithin(300, 0, 60);
      const features = pictured(Math.ceil((extent * pixels) / 8), Math.ceil((extent * pixels) / 8), 8 / pixels);
      expectBytes(mapOnVoxels(coords, features, extent), plainMean(coords, plainTops(coords, extent), features, extent));
    }
  });
});

function expectBytes(found: CondVoxels, wanted: CondVoxels): void {
  expect(wanted.coords.length).toBeGreaterThan(3 * 50);
  expect([...found.coords]).toEqual([...wanted.coords]);
  expect(Buffer.compare(Buffer.from(found.feats.buffer), Buffer.from(wanted.feats.buffer))).toBe(0);
  expect(found.channels).toBe(wanted.channels);
}

/** Row of the highest voxel of each column, and its pixel on a north-up map. */
function plainTops(coords: Int32Array, extent: number): [row: number, pixel: number][] {
  const top = new Int32Array(extent ** 2).fill(-1);
  for (let i = 0; i < coords.length / 3; i++) {
    const column = coords[3 * i]! + extent * coords[3 * i + 1]!;
    const best = top[column]!;
    if (best < 0 || coords[3 * i + 2]! > coords[3 * best + 2]!) top[column] = i;
  }
  const hits: [number, number][] = [];
  for (let y = 0; y < extent; y++)
    for (let x = 0; x < extent; x++) {
      const row = top[x + extent * y]!;
      if (row >= 0) hits.push([row, (extent - 1 - y) * extent + x]);
    }
  return hits;
}

/** Features added up in f32, hit after hit, in the order in which voxels are first hit. */
function plainMean(coords: Int32Array, hits: readonly [row: number, pixel: number][], features: FeatureMap, width: number): CondVoxels {
  const { channels, patch, columns, rows, values } = features;
  const place = new Map<number, number>();
  for (const [row] of hits) if (!place.has(row)) place.set(row, place.size);
  const feats = new Float32Array(place.size * channels);
  const counts = new Uint32Array(place.size);
  for (const [row, pixel] of hits) {
    const at = place.get(row)!;
    const patchRow = Math.min(rows - 1, Math.floor(Math.floor(pixel / width) / patch));
    const patchColumn = Math.min(columns - 1, Math.floor((pixel % width) / patch));
    for (let c = 0; c < channels; c++) feats[at * channels + c]! += values[(c * rows + patchRow) * columns + patchColumn]!;
    counts[at]!++;
  }
  const kept = new Int32Array(3 * place.size);
  for (const [row, at] of place) {
    kept.set(coords.subarray(3 * row, 3 * row + 3), 3 * at);
    for (let c = 0; c < channels; c++) feats[at * channels + c]! /= counts[at]!;
  }
  return { coords: kept, feats, channels };
}
