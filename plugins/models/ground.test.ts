import { expect, test } from "bun:test";
import { occupiedCells } from "./classsfm/sample";
import { surestOfEmptyColumns } from "./ground";
import { refinedRows } from "./latentsfm/sample";

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

test("refinement keeps real cells and what earlier windows decided, and fills only open columns", () => {
  // Columns (0, 0) and (0, 1) are open, (1, 0) and (1, 1) settled. Two channels; a cell is real when both exceed τ.
  const cells = [0, 0, 1, 0, 0, 2, 0, 1, 3, 0, 1, 4, 1, 0, 5, 1, 1, 6];
  const z = [0.9, -0.8, 0.1, 0.1, 0.2, 0.1, -0.3, 0.2, 0.1, 0, 0.9, 0.9];
  const settled = (row: number) => ({ 4: true, 5: false })[row];
  const rule = { z, channels: 2, tau: 0.5 };
  expect(Array.from(refinedRows(cells, { ...rule, ground: "sampled" }))).toEqual([0, 5]);
  expect(Array.from(refinedRows(cells, { ...rule, ground: "everywhere" }))).toEqual([0, 3, 4, 5]);
  expect(Array.from(refinedRows(cells, { ...rule, ground: "everywhere", settled }))).toEqual([0, 3, 4]);
});
