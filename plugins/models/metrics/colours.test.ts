import { expect, test } from "bun:test";
import { classColourError, classColours } from "./colours";

test("means and spreads a class; the error weighs classes by the truth's voxels", () => {
  const truth = classColours([0, 0, 0, 1, 0.5, 0, 0.2, 0.2, 0.2], [3, 3, 4]);
  expect(truth.get(3)!.mean).toEqual([0.5, 0.25, 0]);
  expect(truth.get(3)!.spread).toBeCloseTo(Math.sqrt((0.25 + 0.0625) / 3), 12);
  const other = classColours([0.5, 0.25, 0.3, 0.5, 0.2, 0.2], [3, 4]);
  expect(classColourError(truth, other)).toBeCloseTo((2 * (0.3 / 3) + 1 * (0.3 / 3)) / 3, 12);
  expect(classColourError(truth, classColours([], []))).toBeNaN();
});
