import { expect, test } from "bun:test";
import { drawByWeight, heightWeights } from "./height-weights";

test("Eq. 2: weights grow with height up to 200 and sum to 1", () => {
  const weights = heightWeights([10, 20, 200, 400], 1);
  expect(weights.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
  expect(weights[1]! / weights[0]!).toBeCloseTo(2, 12);
  expect(weights[3]).toBe(weights[2]!);
  expect(heightWeights([10, 40], 2)[1]! / heightWeights([10, 40], 2)[0]!).toBeCloseTo(16, 9);
  expect(heightWeights([3, 90], 0)).toEqual([0.5, 0.5]);
});

test("draws fall in proportion, the last index at the very end", () => {
  const weights = [0.2, 0.5, 0.3];
  expect([0, 0.19, 0.2, 0.69, 0.7, 0.9999999999].map((u) => drawByWeight(weights, u))).toEqual([0, 0, 1, 1, 2, 2]);
});
