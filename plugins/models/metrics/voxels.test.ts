import { describe, expect, test } from "bun:test";
import { cellKeys, coarsened, common, iou, voxelAccuracy } from "./voxels";

const keys = (...cells: [number, number, number][]) => cellKeys(cells.flat(), 3);

describe("voxel sets", () => {
  test("cells far apart have different keys; a batch column is left out", () => {
    expect(new Set(keys([1, 0, 0], [0, 1, 0], [0, 0, 1], [-1, 0, 0], [0, 65_535, 1])).size).toBe(5);
    expect(cellKeys([7, 1, 2, 3], 4)).toEqual(keys([1, 2, 3]));
  });

  test("IoU of sets that share one of three", () => {
    const [a, b] = [keys([1, 1, 1], [2, 2, 2]), keys([2, 2, 2], [3, 3, 3])];
    expect(common(a, b)).toBe(1);
    expect(iou(a, b)).toBeCloseTo(1 / 3, 12);
    expect(iou(keys(), keys())).toBe(1);
  });

  test("coarsening floors, below zero too", () => {
    expect(coarsened([0, 9, 7, 7, 15, 1, -1, 0, 0], 3, 8)).toEqual(keys([0, 1, 0], [-1, 0, 0]));
  });
});

test("voxelAccuracy: easy negatives count over pseudo; truth that nobody offered only over the union", () => {
  const pseudo = keys([0, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 1]);
  const truth = keys([0, 0, 0], [0, 0, 1], [9, 9, 9]);
  const kept = keys([0, 0, 0], [0, 1, 0]);
  const result = voxelAccuracy(pseudo, kept, truth);
  expect(result.overPseudo).toBe(2 / 4); // right: 000 kept, 011 dropped
  expect(result.overUnion).toBe(2 / 5);
  expect(result.iou).toBe(1 / 4);
  expect(result.recall).toBeCloseTo(1 / 3, 12);
});
