import { describe, expect, test } from "bun:test";
import "../../test/matchers";
import { gradcheck } from "../../test/reference/gradcheck";
import { randomTensor } from "../../test/voxels";
import { grad, ops, setThreads, Tensor } from "../index";
import { FusedMLP } from "./index";

const { fusedMlp } = ops.earthcraft;
const countOf = (widths: readonly number[]) => widths.slice(1).reduce((sum, width, l) => sum + width * widths[l]!, 0);

/** The same by matrix products of libtorch's. */
function byMatrices(x: Tensor, weights: Tensor, widths: readonly number[]): Tensor {
  let first = 0;
  let value = x;
  for (const [l, width] of widths.slice(1).entries()) {
    const matrix = weights.narrow(0, first, width * widths[l]!).view([width, widths[l]!]);
    value = value.matmul(matrix.transpose(0, 1));
    if (l + 2 < widths.length) value = value.relu();
    first += width * widths[l]!;
  }
  return value;
}

/** Values as those of a network at its start. */
const weightsOf = (widths: readonly number[], seed: number, dtype: "f32" | "f64" = "f32") => randomTensor([countOf(widths)], seed, dtype).mul(0.4);

// Blocks of 64 samples, vectors of 16, 8 and 4: one less and one more of each.
const SHAPES = [
  { widths: [32, 64, 16], count: 300 },
  { widths: [32, 64, 64, 3], count: 64 },
  { widths: [3, 17, 33, 64, 1], count: 63 },
  { widths: [128, 1, 128], count: 65 },
  { widths: [1, 5, 2], count: 1 },
  { widths: [15, 16, 31, 7], count: 2100 },
  { widths: [4, 8, 4], count: 0 },
];

describe("fused_mlp", () => {
  for (const { widths, count } of SHAPES)
    test(`${count} × ${widths.join(" → ")} is the chain of matrix products, both ways`, () => {
      const [x, weights, slopes] = [
        randomTensor([count, widths[0]!], 1, "f32"),
        weightsOf(widths, 2),
        randomTensor([count, widths.at(-1)!], 3, "f32"),
      ];
      const run = (f: typeof fusedMlp, dtype: "f32" | "f64", turned: boolean) => {
        const from = turned ? x.transpose(0, 1).contiguous().transpose(0, 1) : x;
        const leaves = [from, weights].map((t) => t.to(dtype).detach().clone().requiresGrad_());
        const out = f(leaves[0]!, leaves[1]!, widths);
        return [out, ...(grad([out], leaves, [slopes.to(dtype)]) as Tensor[])];
      };
      const expected = run(byMatrices, "f64", false);
      for (const found of [run(fusedMlp, "f32", false), run(fusedMlp, "f32", true), run(fusedMlp, "f64", false)])
        for (const [i, tensor] of found.entries()) expect(tensor).toBeCloseToTensor(expected[i]!, { rtol: 1e-5, atol: 2e-5 });
    });

  test("gradients are finite differences, in double", () => {
    const widths = [3, 6, 5, 2];
    gradcheck((x, w) => fusedMlp(x, w, widths), [randomTensor([4, 3], 4), weightsOf(widths, 5, "f64")]);
  });

  test("the same bits on any number of threads", () => {
    const widths = [32, 64, 64, 3];
    const run = (threads: number) => {
      setThreads(threads);
      const [x, weights] = [randomTensor([9000, 32], 6, "f32").requiresGrad_(), weightsOf(widths, 7).requiresGrad_()];
      const out = fusedMlp(x, weights, widths);
      return [out.contiguous(), ...(grad([out], [x, weights], [randomTensor([9000, 3], 8, "f32")]) as Tensor[])];
    };
    const [one, three] = [run(1), run(3)];
    setThreads(1);
    for (const [i, tensor] of one.entries()) expect(three[i]!).toEqualTensor(tensor);
  });

  test("NaN goes through, in its sample only", () => {
    const widths = [2, 16, 3];
    const found = fusedMlp(Tensor.from([Number.NaN, 1, 0.5, 1], [2, 2]), weightsOf(widths, 9), widths);
    expect(ops.aten.isnan(found).toArray()).toEqual(Uint8Array.of(1, 1, 1, 0, 0, 0));
  });

  test("says which argument is wrong", () => {
    const x = randomTensor([4, 3], 10, "f32");
    expect(() => fusedMlp(x, Tensor.zeros([12]), [3, 4])).toThrow("widths must name inputs, 1 to 3 hidden layers and outputs, got [3, 4]");
    expect(() => fusedMlp(x, Tensor.zeros([455]), [3, 65, 4])).toThrow("widths[1] must lie in [1, 64], got 65");
    expect(() => fusedMlp(x, Tensor.zeros([28]), [4, 4, 3])).toThrow("x must be float32 [N, 4]");
    expect(() => fusedMlp(x, Tensor.zeros([29]), [3, 4, 4])).toThrow("weights must be Float [28]");
  });

  test("FusedMLP starts each matrix as Glorot and Bengio say", () => {
    const mlp = new FusedMLP({ inputs: 32, outputs: 3, layers: 2 }).materialize({ seed: 1 });
    expect(mlp.widths).toEqual([32, 64, 64, 3]);
    const [first, last] = [mlp.weights.tensor.narrow(0, 0, 2048), mlp.weights.tensor.narrow(0, 2048 + 4096, 192)];
    for (const [matrix, bound] of [
      [first, Math.sqrt(6 / 96)],
      [last, Math.sqrt(6 / 67)],
    ] as const) {
      expect(matrix.abs().max().item()).toBeLessThanOrEqual(bound);
      expect(matrix.abs().max().item()).toBeGreaterThan(0.95 * bound);
    }
  });
});
