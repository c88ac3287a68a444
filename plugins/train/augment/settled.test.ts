import { expect, test } from "bun:test";
import { Tensor } from "../../../ffi";
import { flowLossOf } from "../losses/flow";
import { StepDraws } from "../random";
import { drawStrips, settledCells } from "./settled";

test("a strip in the west knows x, one in the south knows y, both make an L", () => {
  // Columns 0, 8, 16 and 24 of a window of 32, at L/8.
  const coords = Int32Array.of(0, 3, 5, 1, 0, 5, 2, 2, 0, 3, 3, 0);
  expect(settledCells(coords, { west: 16, south: 0 }, 8)).toEqual(Float32Array.of(1, 1, 0, 0));
  expect(settledCells(coords, { west: 0, south: 8 }, 8)).toEqual(Float32Array.of(0, 1, 0, 0));
  expect(settledCells(coords, { west: 8, south: 8 }, 8)).toEqual(Float32Array.of(1, 1, 0, 0));
  expect(settledCells(coords, { west: 8, south: 24 }, 8)).toEqual(Float32Array.of(1, 1, 1, 0));
});

test("where nothing or everything is settled there is nothing to learn", () => {
  const coords = Int32Array.of(8, 9, 0, 15, 12, 0);
  expect(settledCells(coords, { west: 8, south: 8 }, 1)).toBeNull();
  expect(settledCells(coords, { west: 16, south: 0 }, 1)).toBeNull();
});

test("strips end at latent cells inside the square, never at its start on both sides and never at its end", () => {
  const square = { x: 16, y: 8, size: 32 };
  const seen = new Set<string>();
  for (let i = 0; i < 400; i++) {
    const { west, south } = drawStrips(square, new StepDraws(3, "inpainting", i));
    expect((west - 16) % 8).toBe(0);
    expect((south - 8) % 8).toBe(0);
    expect(west === 16 && south === 8).toBe(false);
    expect(Math.max(west - 16, south - 8)).toBeLessThan(32);
    expect(Math.min(west - 16, south - 8)).toBeGreaterThanOrEqual(0);
    seen.add(`${west - 16}/${south - 8}`);
  }
  expect([...seen].sort()).toEqual("0/16 0/24 0/8 16/0 16/16 16/24 16/8 24/0 24/16 24/24 24/8 8/0 8/16 8/24 8/8".split(" ").sort());
});

test("settled rows teach nothing: the loss is the mean over the others", () => {
  const rows = (...values: number[]) => Tensor.from(Float32Array.from(values), [values.length / 2, 2]);
  const [velocity, target] = [rows(1, 2, 100, -100, 3, 5), rows(0, 0, 7, 7, 2, 1)];
  const settled = Tensor.from(Float32Array.of(0, 1, 0), [3, 1]);
  expect(flowLossOf(velocity, target, settled).loss.item()).toBeCloseTo((1 + 4 + 1 + 16) / 4, 6);
  expect(flowLossOf(velocity, target).loss.item()).toBeGreaterThan(1000);
});
