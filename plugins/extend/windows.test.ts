import { describe, expect, test } from "bun:test";
import { knownColumns, planWindows } from "./windows";

const plan = planWindows({ columns: 3, rows: 2, edge: 64, overlap: 0.5, align: 16, seed: 7 });

describe("planWindows", () => {
  test("covers the scene west to east, south to north", () => {
    expect(plan.stride).toBe(32);
    expect(plan.extent).toEqual([128, 96]);
    expect(plan.windows.map((window) => window.origin)).toEqual([
      [0, 0],
      [32, 0],
      [64, 0],
      [0, 32],
      [32, 32],
      [64, 32],
    ]);
  });

  test("a window's seed depends on the seed and its grid position only", () => {
    const larger = planWindows({ columns: 5, rows: 4, edge: 64, overlap: 0.5, align: 16, seed: 7 });
    for (const window of plan.windows) expect(larger.windows.find((other) => other.grid.join() === window.grid.join())?.seed).toBe(window.seed);
    expect(new Set(larger.windows.map((window) => window.seed)).size).toBe(20);
    expect(planWindows({ columns: 1, rows: 1, edge: 64, overlap: 0.5, align: 16, seed: 8 }).windows[0]?.seed).not.toBe(plan.windows[0]?.seed);
  });

  test("an overlap that would break the latent levels' alignment is refused", () => {
    expect(() => planWindows({ columns: 2, rows: 1, edge: 64, overlap: 0.4, align: 16, seed: 0 })).toThrow("no multiple of 16");
  });
});

describe("knownColumns", () => {
  const at = (index: number, x: number, y: number) => knownColumns(plan, index)[y * 64 + x];

  test("the first window knows nothing", () => expect(knownColumns(plan, 0).every((cell) => cell === 0)).toBe(true));

  test("a window of the first row knows its western half", () => {
    expect(at(1, 31, 63)).toBe(1);
    expect(at(1, 32, 0)).toBe(0);
  });

  test("a window of a later row knows its south, its west, and what the south-eastern neighbour made", () => {
    expect(at(3, 63, 31)).toBe(1);
    expect(at(3, 0, 32)).toBe(0);
    expect(at(4, 31, 63)).toBe(1);
    expect(at(4, 63, 31)).toBe(1);
    expect(at(4, 32, 32)).toBe(0);
  });
});
