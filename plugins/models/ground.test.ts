import { expect, test } from "bun:test";
import { occupiedCells } from "./classsfm/sample";
import { surestOfEmptyColumns } from "./ground";

test("of each column without a kept row the surest is added, the first of equals, and only where it may be", () => {
  const coords = [0, 0, 1, 0, 0, 2, 0, 1, 3, 0, 1, 4, 0, 1, 5, 7, 7, 0];
  const scores = [-5, -1, -3, -2, -2, -9];
  expect(surestOfEmptyColumns(coords, scores, [0])).toEqual([3, 5]);
  expect(surestOfEmptyColumns(coords, scores, [])).toEqual([1, 3, 5]);
  expect(surestOfEmptyColumns(coords, scores, [], (row) => row !== 5)).toEqual([1, 3]);
});

test("a grid of cells has ground in every column that may be filled", () => {
  // Columns (0, 0), (0, 1), (1, 0), (1, 1) of two cells each, z fastest.
  const grid = [-0.5, -0.2, 0.3, -1, -0.9, -0.1, 0.2, 0.4];
  expect(Array.from(occupiedCells(grid, 2))).toEqual([0, 1, 0, 1, 1, 0, 1, 1, 1]);
  expect(Array.from(occupiedCells(grid, 2, () => true))).toEqual([0, 0, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 1, 1]);
  expect(Array.from(occupiedCells(grid, 2, (cell) => cell < 4))).toEqual([0, 0, 1, 0, 1, 0, 1, 1, 0, 1, 1, 1]);
});
