import { describe, expect, test } from "bun:test";
import "../../test/matchers";
import { numbers } from "../../test/voxels";
import { ops, setThreads, Tensor } from "../index";
import { OccupancyGrid } from "./index";

const { occupancyUpdate_, occupancyPoints } = ops.earthcraft;
const longs = (values: readonly number[]) => Tensor.from(values, [values.length], { dtype: "i64" });

describe("occupancy_update_", () => {
  test("decays all, takes the most that was found, and compares with the lesser of threshold and mean", () => {
    const densities = Tensor.from([1, 2, 4, 8, 0, 0, -1, 0.5, 0, 0, 0, 0, 0, 0, 0, 0]);
    const bits = Tensor.full([2], 255, { dtype: "u8" });
    occupancyUpdate_(densities, bits, longs([0, 0, 4, 6, 3, 5]), Tensor.from([3, 2.5, 0.25, 9, Number.NaN, -2]), 0.5, 100);
    expect(densities.toArray()).toEqual(Float32Array.of(3, 1, 2, 4, 0.25, 0, -1, 0.25, 0, 0, 0, 0, 0, 0, 0, 0));
    // The mean is 10.5 / 16: cells 0 to 3 are above it.
    expect(bits.toArray()).toEqual(Uint8Array.of(0b1111, 0));
    occupancyUpdate_(densities, bits, longs([]), Tensor.from([]), 1, 0.2);
    expect(bits.toArray()).toEqual(Uint8Array.of(0b10011111, 0));
  });

  test("the same bits on any number of threads", () => {
    const run = (threads: number) => {
      setThreads(threads);
      const next = numbers(1);
      const [densities, bits] = [Tensor.from(Float32Array.from({ length: 1 << 18 }, next)), Tensor.zeros([1 << 15], { dtype: "u8" })];
      occupancyUpdate_(densities, bits, longs([1, 2, 3]), Tensor.from([1, 2, 3]), 0.95, 0.4);
      return bits;
    };
    const [one, three] = [run(1), run(3)];
    setThreads(1);
    expect(three).toEqualTensor(one);
  });

  test("says which argument is wrong", () => {
    const [densities, bits] = [Tensor.zeros([16]), Tensor.zeros([2], { dtype: "u8" })];
    expect(() => occupancyUpdate_(densities, bits, longs([16]), Tensor.zeros([1]), 0.9, 1)).toThrow("cells[0] is 16, of 16 cells");
    expect(() => occupancyUpdate_(densities, bits.narrow(0, 0, 1), longs([]), Tensor.zeros([0]), 0.9, 1)).toThrow(
      "bits must be contiguous uint8 [2]",
    );
    expect(() => occupancyUpdate_(densities, bits, longs([1]), Tensor.zeros([2]), 0.9, 1)).toThrow("values must be float32 [1]");
    expect(() => occupancyUpdate_(densities, bits, longs([]), Tensor.zeros([0]), 1.1, 1)).toThrow("decay must lie in [0, 1], got 1.1");
    expect(() => occupancyPoints(longs([-1]), Tensor.zeros([1, 3]), 4, 1)).toThrow("cells[0] is -1, of 64 cells");
  });
});

describe("OccupancyGrid", () => {
  test("points lie in their cells, of the outermost cube's unit", () => {
    const grid = new OccupancyGrid({ resolution: 4, cascades: 2, edge_m: 3 });
    const [inner, outer] = [1 + 4 * (2 + 4 * 3), 64 + 1 + 4 * (2 + 4 * 3)];
    const within = Tensor.from([0, 0.5, 0.25, 0, 0.5, 0.25], [2, 3]);
    const unit = [1 / 4, 2.5 / 4, 3.25 / 4];
    expect(grid.points(longs([inner, outer]), within)).toBeCloseToTensor([...unit.map((u) => (u - 0.5) / 2 + 0.5), ...unit], { atol: 1e-7 });
    expect([grid.cells, grid.extent_m]).toEqual([128, 6]);
    grid.dispose();
  });

  test("finds a ball of fog, keeps to it when only some cells are looked at, and forgets it when it is gone", () => {
    const grid = new OccupancyGrid({ resolution: 16, cascades: 2, edge_m: 2 });
    expect(grid.occupied().size(0)).toBe(grid.cells);
    // In the unit cube; 0.3 of the way up, so that axes cannot change places.
    const ball = (positions: Tensor) =>
      positions
        .sub(Tensor.from([0.5, 0.45, 0.3]))
        .pow(2)
        .sum(1)
        .lt(0.04)
        .to("f32")
        .mul(5);
    grid.update(ball, { seed: 1, step: 0, threshold: 1 });
    const cells = [...grid.occupied().toArray()];
    const expected = (cell: number) => {
      const [cascade, c] = [Math.floor(cell / 4096), cell % 4096];
      const unit = [c % 16, Math.floor(c / 16) % 16, Math.floor(c / 256)].map((i) => ((i + 0.5) / 16 - 0.5) / (cascade === 0 ? 2 : 1) + 0.5);
      return Math.hypot(unit[0]! - 0.5, unit[1]! - 0.45, unit[2]! - 0.3);
    };
    expect(cells.length).toBeGreaterThan(300);
    for (const cell of cells) expect(expected(cell)).toBeLessThan(0.2 + 0.06);
    const all = new Set(cells);
    for (let cell = 0; cell < grid.cells; ++cell) if (expected(cell) < 0.2 - 0.06) expect(all.has(cell)).toBe(true);
    grid.update(ball, { seed: 1, step: 1, cells: 1000, threshold: 1 });
    for (const cell of grid.occupied().toArray()) expect(expected(cell)).toBeLessThan(0.2 + 0.06);
    const moved = (positions: Tensor) => ball(positions.sub(Tensor.from([0.3, 0.3, 0])));
    for (let step = 2; step < 100; ++step) grid.update(moved, { seed: 1, step, cells: 2000, threshold: 1 });
    const later = grid.occupied().toArray();
    expect(later.length).toBeGreaterThan(100);
    for (const cell of later) expect(expected(cell)).toBeGreaterThan(0.15);
    grid.bits.copy_(Tensor.zeros([grid.cells / 8], { dtype: "u8" }));
    grid.update(ball, { seed: 1, step: 101, cells: 500, threshold: 1 }); // nothing is occupied: all are drawn from anywhere
    expect(grid.occupied().size(0)).toBeGreaterThan(0);
    grid.dispose();
  });

  test("its state goes into another one", () => {
    const [a, b] = [new OccupancyGrid({ resolution: 8, edge_m: 2 }), new OccupancyGrid({ resolution: 8, edge_m: 2 })];
    a.update((p) => p.select(1, 0).contiguous(), { seed: 2, step: 0, threshold: 0.7 });
    b.loadStateDict(a.stateDict());
    expect(b.bits).toEqualTensor(a.bits);
    expect(b.densities).toEqualTensor(a.densities);
    expect(() => b.loadStateDict(new Map())).toThrow("densities is [missing], wanted [512]");
    a.dispose();
    b.dispose();
  });
});
