import { describe, expect, test } from "bun:test";
import { emptyOnVoxels, type FeatureMap, imageOnVoxels, mapOnVoxels } from "./tex-condition";

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
