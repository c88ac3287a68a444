import { expect, test } from "bun:test";
import "../../test/matchers";
import { positionEmbedding, setThreads, Tensor, timestepEmbedding } from "../index";

setThreads(1);

test("a time becomes cosines, then sines, of frequencies from 1 to 1 / period", () => {
  const expected = [0, 250.5].flatMap((t) => [Math.cos, Math.sin].flatMap((f) => [0, 1, 2].map((i) => f(t * 10000 ** (-i / 3)))));
  expect(timestepEmbedding(Tensor.from([0, 250.5]), 6)).toBeCloseToTensor(expected, { rtol: 1e-4, atol: 1e-5 });
  expect(() => timestepEmbedding(Tensor.from([0]), 5)).toThrow("channels must be even, got 5");
});

test("a position becomes sines, then cosines, axis by axis, and zeros fill up", () => {
  const rows = [
    [3, 0, 7],
    [1, 2, 5],
  ];
  const expected = rows.flatMap((row) => [
    ...row.flatMap((p) => [Math.sin, Math.cos].flatMap((f) => [0, 1].map((i) => f(p * 10000 ** (-i / 2))))),
    0,
    0,
  ]);
  expect(positionEmbedding(Tensor.from(rows.flat(), [2, 3], { dtype: "i32" }), 14)).toBeCloseToTensor(expected, { rtol: 1e-5, atol: 1e-6 });
  expect(() => positionEmbedding(Tensor.ones([1, 3]), 5)).toThrow("5 channels are too few for 3 axes");
});
