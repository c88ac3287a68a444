import { expect, test } from "bun:test";
import { Tensor } from "../../../ffi";
import { continuedData, continuedRows } from "./continuation";

test("an open row copies the row of its height in the nearest settled column, or nothing", () => {
  // x, y, z; columns (0, 0) and (2, 3) are settled, the second with two cells.
  const rows: [number, number, number, number][] = [
    [0, 0, 1, 1],
    [2, 3, 1, 1],
    [2, 3, 4, 1],
    [0, 1, 1, 0], // next to (0, 0)
    [0, 1, 4, 0], // (0, 0) has nothing at 4
    [2, 2, 4, 0], // next to (2, 3)
    [1, 3, 1, 0],
    [1, 3, 0, 0],
  ];
  const coords = rows.flatMap((row) => row.slice(0, 3));
  const mask = rows.map((row) => row[3]);
  expect(Array.from(continuedRows(coords, mask))).toEqual([0, 1, 2, 0, -1, 2, 1, -1]);
  const data = Tensor.from(
    Float32Array.from(rows, (_, i) => i + 1),
    [rows.length, 1],
  );
  expect(Array.from(continuedData(coords, mask, data).toArray())).toEqual([1, 2, 3, 1, 0, 3, 2, 0]);
});

test("columns as far from two settled ones take the western, and columns count, not rows", () => {
  const line = Array.from({ length: 5 }, (_, x) => [x, 0, 0]).flat();
  expect(Array.from(continuedRows(line, [1, 0, 0, 0, 1]))).toEqual([0, 0, 0, 4, 4]);
  const column = Array.from({ length: 5 }, (_, y) => [7, y, -2]).flat();
  expect(Array.from(continuedRows(column, [0, 0, 0, 1, 0]))).toEqual([3, 3, 3, 3, 3]);
  expect(Array.from(continuedRows(column, [0, 0, 0, 0, 0]))).toEqual([-1, -1, -1, -1, -1]);
  expect(continuedRows([], [])).toHaveLength(0);
});
