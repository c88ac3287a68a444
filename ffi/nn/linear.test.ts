import { describe, expect, test } from "bun:test";
import "../../test/matchers";
import { gradcheck } from "../../test/reference/gradcheck";
import { randomTensor } from "../../test/voxels";
import { autocast, grad, ops, scope, setThreads, Tensor } from "../index";

const { linear } = ops.earthcraft;
const random = (shape: readonly number[], seed: number) => randomTensor(shape, seed, "f32");

/** Value and three gradients, with those of ATen in double beside them. */
function bothWays(x: Tensor, weight: Tensor, bias?: Tensor): { ours: Tensor[]; exact: Tensor[] } {
  const parts = bias ? [x, weight, bias] : [x, weight];
  const own = parts.map((t) => t.requiresGrad_());
  const wide = parts.map((t) => t.detach().to("f64").requiresGrad_());
  const [y, z] = [linear(own[0]!, own[1]!, own[2]), ops.aten.linear(wide[0]!, wide[1]!, wide[2])];
  const seed = random(y.shape, 5).to(x.dtype);
  const gradients = (out: Tensor, of: Tensor[]) => grad([out], of, [seed.to(out.dtype)]) as Tensor[];
  return { ours: [y, ...gradients(y, own)], exact: [z, ...gradients(z, wide)] };
}

/** Largest difference of f32 or bf16 from double, as a share of what the sums' terms come to. */
const worst = ({ ours, exact }: ReturnType<typeof bothWays>) =>
  ours.map((t, i) => t.to("f64").sub(exact[i]!).abs().max().item() / exact[i]!.abs().max().item());

// Rows, channels in, channels out: blocks of 96 rows and 256 channels, panels of 64, vectors of 16, and one less and one more of each.
const SHAPES = [
  [16, 1, 1],
  [17, 3, 5],
  [95, 64, 63],
  [96, 256, 64],
  [97, 257, 65],
  [300, 23, 100],
  [513, 15, 17],
  [1025, 48, 192],
  [2300, 130, 33],
];

describe("linear", () => {
  for (const [rows, inputs, outputs] of SHAPES as [number, number, number][])
    test(`${rows} rows, ${inputs} → ${outputs}: value and gradients equal ATen's in double`, () =>
      scope(() => {
        const [x, weight, bias] = [random([rows, inputs], 1), random([outputs, inputs], 2), random([outputs], 3)];
        for (const error of worst(bothWays(x, weight, bias))) expect(error).toBeLessThan(2e-6);
        for (const error of worst(bothWays(x, weight))) expect(error).toBeLessThan(2e-6);
      }));

  for (const [rows, inputs, outputs] of [...SHAPES, [5000, 40, 24], [4097, 16, 70]] as [number, number, number][])
    test(`${rows} rows of bf16, ${inputs} → ${outputs}: one rounding away from double`, () =>
      scope(() => {
        const parts = [random([rows, inputs], 1), random([outputs, inputs], 2), random([outputs], 3)].map((t) => t.to("bf16"));
        for (const error of worst(bothWays(...(parts as [Tensor, Tensor, Tensor])))) expect(error).toBeLessThan(2 ** -8);
        const [x, weight] = [random([rows, inputs], 1), random([outputs, inputs], 2)];
        const under = autocast("bf16", () => linear(x, weight, parts[2]!.to("f32")));
        expect(under.dtype).toBe("bf16");
        expect(under).toEqualTensor(linear(parts[0]!, parts[1]!, parts[2]!));
      }));

  test("a long sum keeps its digits: 100,000 rows", () =>
    scope(() => {
      const [, , weight] = worst(bothWays(random([100_000, 32], 1).add(1), random([32, 32], 2), random([32], 3)));
      expect(weight).toBeLessThan(1e-5);
    }));

  test("takes any leading dimensions and layouts, and few rows or none", () =>
    scope(() => {
      const [x, weight, bias] = [random([6, 40, 24], 1), random([24, 10], 2).transpose(0, 1), random([10, 2], 3).select(1, 1)];
      expect(linear(x, weight, bias)).toBeCloseToTensor(ops.aten.linear(x, weight, bias), { rtol: 1e-5, atol: 1e-5 });
      const turned = x.transpose(0, 1);
      expect(linear(turned, weight, bias)).toEqualTensor(linear(turned.contiguous(), weight, bias));
      expect(linear(x.narrow(1, 0, 1), weight).shape).toEqual([6, 1, 10]);
      for (const rows of [0, 1]) {
        const few = random([rows, 24], 4).requiresGrad_();
        const [slope] = grad([linear(few, weight, bias).sum()], [few]);
        expect(slope!.shape).toEqual([rows, 24]);
      }
    }));

  test("what is not a number goes where the sums take it, and nowhere else", () =>
    scope(() => {
      const x = random([40, 8], 1);
      x.select(0, 3).fill_(Number.NaN);
      x.select(0, 7).fill_(Number.POSITIVE_INFINITY);
      const y = linear(x, Tensor.ones([20, 8]));
      const rows = (is: (value: number) => boolean) => [...new Set([...y.toArray()].flatMap((v, i) => (is(Number(v)) ? [Math.floor(i / 20)] : [])))];
      expect(rows(Number.isNaN)).toEqual([3]);
      expect(rows((value) => value === Number.POSITIVE_INFINITY)).toEqual([7]);
    }));

  test("has the same bits on any number of threads", () =>
    scope(() => {
      const run = (threads: number) => {
        setThreads(threads);
        const parts = [random([5000, 70], 1), random([90, 70], 2), random([90], 3)] as const;
        const low = parts.map((t) => t.to("bf16")) as [Tensor, Tensor, Tensor];
        return [...bothWays(...parts).ours, ...bothWays(...low).ours];
      };
      const alone = run(1);
      for (const threads of [2, 3, 5]) for (const [i, t] of run(threads).entries()) expect(t).toEqualTensor(alone[i]!);
      setThreads(1);
    }));

  test("double passes finite differences, bf16 is autocast's, and shapes that do not fit are refused by name", () => {
    gradcheck((x, w, b) => linear(x!, w!, b), [randomTensor([20, 3], 1), randomTensor([4, 3], 2), randomTensor([4], 3)]);
    const [x, weight] = [random([20, 3], 1), random([4, 3], 2)];
    expect(autocast("bf16", () => linear(x, weight)).dtype).toBe("bf16");
    expect(() => linear(x, random([4, 5], 2))).toThrow("weight must be [out, 3] for x [20, 3], got [4, 5]");
    expect(() => linear(x, weight, random([3], 2))).toThrow("bias must be [4] for weight [4, 3], got [3]");
  });
});
