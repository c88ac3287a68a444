import { describe, expect, test } from "bun:test";
import "../../test/matchers";
import { gradcheck } from "../../test/reference/gradcheck";
import { numbers, randomTensor } from "../../test/voxels";
import { autocast, grad, noGrad, ops, setThreads, Tensor } from "../index";
import { HashGrid } from "./index";

const { hashGrid } = ops.earthcraft;
const RESOLUTIONS = [2, 3, 5, 9];
const LOG2 = 5;
const rowsOf = (resolutions: readonly number[], log2: number) =>
  resolutions.map((cells) => Math.min((cells + 1) ** 3, 2 ** log2)).reduce((a, b) => a + b, 0);

/** Points inside the cube, asymmetric. */
const inside = (count: number, seed: number, dtype: "f32" | "f64" = "f32") => randomTensor([count, 3], seed, dtype).add(1).div(2);

/** Sections 3's equations in numbers: a point, its levels, eight corners, BigInt hashes. */
function byHand(positions: ArrayLike<number>, table: ArrayLike<number>, width: number, resolutions = RESOLUTIONS, log2 = LOG2): number[] {
  const out: number[] = [];
  for (let n = 0; n < positions.length / 3; ++n) {
    let first = 0;
    for (const cells of resolutions) {
      const rows = Math.min((cells + 1) ** 3, 2 ** log2);
      const scaled = [0, 1, 2].map((axis) => Math.min(Math.max(positions[3 * n + axis]!, 0), 1) * cells);
      const low = scaled.map((x) => Math.min(Math.floor(x), cells - 1));
      const sums = Array<number>(width).fill(0);
      for (const dz of [0, 1])
        for (const dy of [0, 1])
          for (const dx of [0, 1]) {
            const corner = [low[0]! + dx, low[1]! + dy, low[2]! + dz];
            const weight = [dx, dy, dz].reduce((product, d, axis) => product * (d ? scaled[axis]! - low[axis]! : 1 - scaled[axis]! + low[axis]!), 1);
            const [x, y, z] = corner.map(BigInt) as [bigint, bigint, bigint];
            const row =
              rows === (cells + 1) ** 3
                ? corner[0]! + (cells + 1) * (corner[1]! + (cells + 1) * corner[2]!)
                : Number((x ^ BigInt.asUintN(32, y * 2654435761n) ^ BigInt.asUintN(32, z * 805459861n)) % BigInt(rows));
            for (let f = 0; f < width; ++f) sums[f]! += weight * table[(first + row) * width + f]!;
          }
      out.push(...sums);
      first += rows;
    }
  }
  return out;
}

describe("hash_grid", () => {
  for (const width of [1, 2, 4, 8])
    test(`equals the paper's equations with ${width} features a row`, () => {
      for (const count of [0, 1, 63, 64, 65, 300]) {
        const [positions, table] = [inside(count, 1), randomTensor([rowsOf(RESOLUTIONS, LOG2), width], 2, "f32")];
        const expected = byHand(positions.toArray(), table.toArray(), width);
        const found = hashGrid(positions, table, RESOLUTIONS, LOG2);
        expect(found.shape).toEqual([count, 4 * width]);
        expect(found).toBeCloseToTensor(expected, { atol: 2e-6 });
        expect(hashGrid(positions.to("f64"), table.to("f64"), RESOLUTIONS, LOG2)).toBeCloseToTensor(expected, { atol: 1e-12 });
      }
    });

  test("hashes coordinates of fine levels as 32-bit numbers", () => {
    const resolutions = [1000, 300_000, 1 << 20];
    const [positions, table] = [inside(200, 3, "f64"), randomTensor([3 << 19, 2], 4, "f64")];
    expect(hashGrid(positions, table, resolutions, 19)).toBeCloseToTensor(byHand(positions.toArray(), table.toArray(), 2, resolutions, 19), {
      atol: 1e-9,
    });
    const coarse = [positions.to("f32"), table.to("f32")] as const;
    const expected = byHand(coarse[0].toArray(), coarse[1].toArray(), 2, resolutions.slice(0, 1), 19);
    expect(hashGrid(coarse[0], coarse[1].narrow(0, 0, 1 << 19), [1000], 19)).toBeCloseToTensor(expected, { atol: 2e-4 }); // f32 positions
  });

  test("a level without collisions interpolates: a linear function comes back", () => {
    const cells = 7;
    const corners = Array.from({ length: 8 ** 3 }, (_, i) => [i % 8, Math.floor(i / 8) % 8, Math.floor(i / 64)]);
    const table = Tensor.from(
      corners.map(([x, y, z]) => (2 * x! - 3 * y! + 5 * z!) / cells + 1),
      [512, 1],
    );
    const positions = inside(400, 5);
    const p = positions.toArray();
    const expected = Array.from({ length: 400 }, (_, i) => 2 * p[3 * i]! - 3 * p[3 * i + 1]! + 5 * p[3 * i + 2]! + 1);
    expect(hashGrid(positions, table, [cells], 9)).toBeCloseToTensor(expected, { atol: 3e-6 });
  });

  test("gradients are finite differences, in double", () => {
    const next = numbers(6);
    // A tenth of a cell and more from all walls, where the slope jumps.
    const positions = Float64Array.from({ length: 3 * 4 }, () => 0.05 + 0.9 * next()).map((x) =>
      RESOLUTIONS.every((cells) => Math.abs(((x * cells + 0.5) % 1) - 0.5) > 0.05) ? x : x + 0.013,
    );
    gradcheck((p, t) => hashGrid(p, t, RESOLUTIONS, LOG2), [Tensor.from(positions, [4, 3]), randomTensor([rowsOf(RESOLUTIONS, LOG2), 2], 7, "f64")]);
  });

  for (const width of [1, 2, 4, 8])
    test(`the fast gradients are the reference's, ${width} features a row`, () => {
      const count = 333;
      const [positions, table] = [inside(count, 8), randomTensor([rowsOf(RESOLUTIONS, LOG2), width], 9, "f32")];
      const slopes = randomTensor([count, 4 * width], 10, "f32");
      const gradients = (dtype: "f32" | "f64") => {
        const leaves = [positions, table].map((t) => t.to(dtype).detach().clone().requiresGrad_());
        return grad([hashGrid(leaves[0]!, leaves[1]!, RESOLUTIONS, LOG2)], leaves, [slopes.to(dtype)]) as Tensor[];
      };
      const [fast, plain] = [gradients("f32"), gradients("f64")];
      expect(fast[0]!).toBeCloseToTensor(plain[0]!, { rtol: 2e-6, atol: 2e-5 });
      expect(fast[1]!).toBeCloseToTensor(plain[1]!, { rtol: 2e-6, atol: 2e-5 });
    });

  test("rows that no sample touches have gradient 0 exactly", () => {
    const table = randomTensor([2 ** 10, 2], 11, "f32").requiresGrad_();
    const out = hashGrid(Tensor.from([0.1, 0.1, 0.1], [1, 3]), table, [100], 10);
    const [slope] = grad([out], [table], [Tensor.ones([1, 2])]) as Tensor[];
    expect(slope!.ne(0).to("f32").sum().item()).toBeLessThanOrEqual(16);
    expect(slope!.sum().item()).toBeCloseTo(2, 5); // weights add up to 1
  });

  test("points beyond the cube are at its border and have no slope; NaN gives NaN there only", () => {
    const table = randomTensor([rowsOf(RESOLUTIONS, LOG2), 2], 12, "f32");
    const at = (...p: number[]) => hashGrid(Tensor.from(p, [1, 3]), table, RESOLUTIONS, LOG2);
    expect(at(-3, 0.4, 7)).toEqualTensor(at(0, 0.4, 1));
    expect(
      ops.aten
        .isfinite(at(1, 1, 1))
        .all()
        .item(),
    ).toBe(1);
    const outside = Tensor.from([-3, 0.4, 7], [1, 3]).requiresGrad_();
    const [slope] = grad([hashGrid(outside, table, RESOLUTIONS, LOG2)], [outside], [Tensor.ones([1, 8])]) as Tensor[];
    const [x, y, z] = slope!.toArray();
    expect([x, z]).toEqual([0, 0]);
    expect(Math.abs(y!)).toBeGreaterThan(0);
    const mixed = hashGrid(Tensor.from([0.2, Number.NaN, 0.3, 0.2, 0.6, 0.3], [2, 3]), table, RESOLUTIONS, LOG2);
    expect(ops.aten.isnan(mixed.select(0, 0)).all().item()).toBe(1);
    expect(mixed.select(0, 1)).toEqualTensor(at(0.2, 0.6, 0.3).select(0, 0));
    expect(Number.isNaN(at(Number.POSITIVE_INFINITY, 0, 0).sum().item())).toBe(true);
  });

  test("the same bits on any number of threads, and for positions stored any way", () => {
    const [positions, table] = [inside(5000, 13), randomTensor([rowsOf(RESOLUTIONS, LOG2), 2], 14, "f32")];
    const slopes = randomTensor([5000, 8], 15, "f32");
    const run = (threads: number, p: Tensor) => {
      setThreads(threads);
      const leaf = table.detach().clone().requiresGrad_();
      const out = hashGrid(p, leaf, RESOLUTIONS, LOG2);
      return [out.contiguous(), ...(grad([out], [leaf], [slopes]) as Tensor[])];
    };
    const turned = positions.transpose(0, 1).contiguous().transpose(0, 1);
    const [one, three, other] = [run(1, positions), run(3, positions), run(2, turned)];
    setThreads(1);
    for (const [i, tensor] of one.entries()) {
      expect(three[i]!).toEqualTensor(tensor);
      expect(other[i]!).toEqualTensor(tensor);
    }
  });

  test("says which argument is wrong", () => {
    const [positions, table] = [inside(3, 16), randomTensor([rowsOf(RESOLUTIONS, LOG2), 2], 17, "f32")];
    expect(() => hashGrid(positions.narrow(1, 0, 2), table, RESOLUTIONS, LOG2)).toThrow("positions must be float32 [N, 3]");
    expect(() => hashGrid(positions, table.narrow(0, 1, 50), RESOLUTIONS, LOG2)).toThrow("table must be Float [123, features]");
    expect(() => hashGrid(positions, table.to("f64"), RESOLUTIONS, LOG2)).toThrow("table must be Float");
    expect(() => hashGrid(positions, Tensor.zeros([123, 3]), RESOLUTIONS, LOG2)).toThrow("1, 2, 4 or 8 features a row, got 3");
    expect(() => hashGrid(positions, table, [], LOG2)).toThrow("resolutions must name 1 to 32 levels");
    expect(() => hashGrid(positions, table, [0, 1], LOG2)).toThrow("resolutions must lie in [1, 1048576], got 0");
    expect(() => hashGrid(positions, table, RESOLUTIONS, 25)).toThrow("log2_entries must lie in [1, 24], got 25");
  });
});

describe("HashGrid", () => {
  test("has the levels of equations 2 and 3", () => {
    const grid = new HashGrid({ levels: 16, coarsest: 16, finest: 512 });
    expect(grid.growth).toBeCloseTo(1.26, 2); // Table 1's lower end
    expect([grid.resolutions[0], grid.resolutions[1], grid.resolutions[15]]).toEqual([16, 20, 512]);
    expect(new HashGrid({ finest: 524_288 }).growth).toBeCloseTo(2, 5);
    expect(new HashGrid({ finest: 2048 }).resolutions.at(-1)).toBe(2048);
    expect(grid.width).toBe(32);
  });

  test("starts within ±1e-4 and computes in f32 under autocast", () => {
    const grid = new HashGrid({ levels: 3, log2Entries: 8, finest: 40 }).materialize({ seed: 1 });
    expect(grid.table.tensor.abs().max().item()).toBeLessThanOrEqual(1e-4);
    const positions = inside(5, 18);
    const plain = noGrad(() => grid.forward(positions));
    expect(noGrad(() => autocast("bf16", () => grid.forward(positions)))).toEqualTensor(plain);
  });
});
