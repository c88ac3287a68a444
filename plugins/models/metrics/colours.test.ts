import { expect, test } from "bun:test";
import { classColourError, classColours, colourError, inMeanColours, pooledColours, spreadInClasses } from "./colours";

test("means and spreads a class; the error weighs classes by the truth's voxels", () => {
  const truth = classColours([0, 0, 0, 1, 0.5, 0, 0.2, 0.2, 0.2], [3, 3, 4]);
  expect(truth.get(3)!.mean).toEqual([0.5, 0.25, 0]);
  expect(truth.get(3)!.spread).toBeCloseTo(Math.sqrt((0.25 + 0.0625) / 3), 12);
  const other = classColours([0.5, 0.25, 0.3, 0.5, 0.2, 0.2], [3, 4]);
  expect(classColourError(truth, other)).toBeCloseTo((2 * (0.3 / 3) + 1 * (0.3 / 3)) / 3, 12);
  expect(classColourError(truth, classColours([], []))).toBeNaN();
});

test("pooled from two sets they are those of the union", () => {
  const [rgb, classes] = [
    [0, 0.1, 0.9, 1, 0.5, 0, 0.2, 0.2, 0.7, 0.4, 0.9, 0.3, 0.8, 0.6, 0.1],
    [3, 3, 4, 3, 9],
  ];
  const whole = classColours(rgb, classes);
  const pooled = pooledColours([classColours(rgb.slice(0, 6), classes.slice(0, 2)), classColours(rgb.slice(6), classes.slice(2))]);
  expect([...pooled.keys()]).toEqual([3, 4, 9]);
  for (const [id, { mean, spread, count }] of whole) {
    expect(pooled.get(id)!.count).toBe(count);
    expect(pooled.get(id)!.spread).toBeCloseTo(spread, 10);
    for (let k = 0; k < 3; k++) expect(pooled.get(id)!.mean[k]).toBeCloseTo(mean[k]!, 12);
  }
  // Classes of one voxel have no spread; class 3 has three of five voxels.
  expect(spreadInClasses(pooled)).toBeCloseTo((3 / 5) * whole.get(3)!.spread, 10);
});

test("painted in mean colours, a class that has none is grey", () => {
  const painted = inMeanColours([4, 8], new Map([[4, { mean: [0.25, 0, 1] as [number, number, number] }]]));
  expect([...painted]).toEqual([0.25, 0, 1, 0.5, 0.5, 0.5]);
  expect(colourError(painted, Float32Array.of(0, 0, 1, 0.5, 0.5, 0.25))).toBeCloseTo(0.5 / 6, 12);
});
