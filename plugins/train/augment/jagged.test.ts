import { describe, expect, test } from "bun:test";
import { jagged } from "./jagged";

const fixed = (values: number[]) => ({ uniform: (count: number) => Float32Array.from({ length: count }, (_, i) => values[i % values.length]!) });

describe("jagged", () => {
  test("thirds of the draw are −1, 0 and 1", () => {
    const { coords, rows } = jagged(Int32Array.of(4, 4, 4), 9, fixed([0.1, 0.5, 0.9]));
    expect(Array.from(coords)).toEqual([3, 4, 5]);
    expect(Array.from(rows)).toEqual([0]);
  });

  test("of voxels that meet the first stays, and none leaves the window", () => {
    const { coords, rows } = jagged(Int32Array.of(0, 0, 0, 1, 0, 0, 8, 8, 8), 9, fixed([0.1, 0.5, 0.5]));
    expect(Array.from(coords)).toEqual([0, 0, 0, 7, 8, 8]);
    expect(Array.from(rows)).toEqual([0, 2]);
  });

  test("moves are unbiased", () => {
    let state = 1;
    const next = () => {
      state = (state * 48271) % 2147483647;
      return state / 2147483647;
    };
    const random = { uniform: (count: number) => Float32Array.from({ length: count }, next) };
    const coords = Int32Array.from({ length: 3000 }, (_, i) => 10 + 3 * Math.floor(i / 3));
    const moved = jagged(coords, 5000, random);
    const drift =
      moved.coords.reduce((sum, value, i) => sum + value - coords[3 * moved.rows[Math.floor(i / 3)]! + (i % 3)]!, 0) / moved.coords.length;
    expect(Math.abs(drift)).toBeLessThan(0.05);
  });
});
