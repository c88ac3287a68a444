import { expect, test } from "bun:test";
import { constant, cosine, emaDecay, polynomial, warmup } from "./schedules";

test("schedules begin, end and stay where they should", () => {
  const poly = polynomial(100, 0.9, 1e-6);
  expect([poly(0), poly(50), poly(100), poly(1000)]).toEqual([1, 1e-6 + (1 - 1e-6) * 0.5 ** 0.9, 1e-6, 1e-6]);
  const half = cosine(10, 0.2);
  expect([half(0), half(5), half(10), half(11)].map((v) => Number(v.toFixed(12)))).toEqual([1, 0.6, 0.2, 0.2]);
  const warm = warmup(3, poly);
  expect([0, 1, 2, 3, 53].map(warm)).toEqual([0.25, 0.5, 0.75, 1, poly(50)]);
  expect(warmup(0, constant)(0)).toBe(1);
  expect([emaDecay(0.9999, 0), emaDecay(0.9999, 90), emaDecay(0.9, 1e6)]).toEqual([0.1, 0.91, 0.9]);
});
