import { expect, test } from "bun:test";
import { roughen, rowsBefore } from "./roughen";

test("one cell dilates to a cube and simplifies to whole blocks", () => {
  const cube = roughen(Int32Array.of(3, 3, 3), 8, { dilate: 3, simplify: 1 });
  expect(cube).toHaveLength(27 * 3);
  // Cells 2…4 touch blocks 1 and 2 an axis: 2…5.
  const blocks = roughen(Int32Array.of(3, 3, 3), 8, { dilate: 3, simplify: 2 });
  expect(blocks).toHaveLength(64 * 3);
  expect(Math.min(...blocks)).toBe(2);
  expect(Math.max(...blocks)).toBe(5);
});

test("nothing leaves the grid, at its corner and where the factor does not divide it", () => {
  expect(roughen(Int32Array.of(0, 0, 0), 8, { dilate: 3, simplify: 1 })).toHaveLength(8 * 3);
  expect(Math.max(...roughen(Int32Array.of(6, 6, 6), 7, { dilate: 1, simplify: 2 }))).toBe(6);
});

test("rows before roughening are found, new cells are −1", () => {
  const coords = Int32Array.of(5, 5, 5, 1, 1, 1);
  const rough = roughen(coords, 8, { dilate: 3, simplify: 1 });
  const rows = rowsBefore(rough, coords);
  for (let i = 0; i < rows.length; i++) {
    const cell = Array.from(rough.subarray(3 * i, 3 * i + 3));
    expect(rows[i]).toBe(cell.join() === "5,5,5" ? 0 : cell.join() === "1,1,1" ? 1 : -1);
  }
  expect(Array.from(rows).filter((row) => row >= 0)).toHaveLength(2);
});

test("an even dilation is refused", () => {
  expect(() => roughen(Int32Array.of(1, 1, 1), 8, { dilate: 2, simplify: 1 })).toThrow("no centre");
});
