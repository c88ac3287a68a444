import { describe, expect, test } from "bun:test";
import "../../test/matchers";
import { denseWeight, fromDense, toDense } from "../../test/reference/dense-voxels";
import { gradcheck } from "../../test/reference/gradcheck";
import { coordsOf, randomRows, randomTensor } from "../../test/voxels";
import { autocast, checkpoint, grad, init, noGrad, ops, scope, Tensor } from "../index";
import { SparseIndex, SparseTensor, StridedConv3d, SubMConv3d, TransposedConv3d } from "./index";

const extent = [14, 10, 8] as const;
const half = [7, 5, 4] as const;
const rows = randomRows({ count: 300, extent, batches: 2, seed: 5 });

interface Case {
  layer: SubMConv3d | StridedConv3d | TransposedConv3d;
  run: (x: SparseTensor) => SparseTensor;
  /** The index that x lives on. */
  input: SparseIndex;
  dense: (feats: Tensor, weight: Tensor, bias: Tensor) => Tensor;
}

/** Each kind of convolution on the voxels above, beside ATen's dense one. */
function cases(ci: number, co: number): [string, () => Case][] {
  const fine = () => SparseIndex.of(coordsOf(rows));
  const strided = (kernel: 2 | 3) => (): Case => {
    const index = fine();
    const layer = new StridedConv3d(ci, co, { kernel, stride: 2 }).materialize({ seed: 1 });
    const coarse = index.coarser().index;
    const dense = (f: Tensor, w: Tensor, b: Tensor) =>
      fromDense(coarse.coords, ops.aten.conv3d(toDense(index.coords, f, 2, extent), denseWeight(w, kernel), b, 2, kernel === 3 ? 1 : 0));
    return { layer, run: (x) => layer.forward(x), input: index, dense };
  };
  const transposed = (kernel: 2 | 3) => (): Case => {
    const index = fine();
    const layer = new TransposedConv3d(ci, co, { kernel, stride: 2 }).materialize({ seed: 1 });
    const target = new SparseTensor(index, Tensor.zeros([index.size, 1]));
    const coarse = index.coarser().index;
    const padding = kernel === 3 ? 1 : 0;
    const dense = (f: Tensor, w: Tensor, b: Tensor) =>
      fromDense(
        index.coords,
        ops.aten.convTranspose3d(toDense(coarse.coords, f, 2, half), denseWeight(w, kernel).transpose(0, 1), b, 2, padding, padding),
      );
    return { layer, run: (x) => layer.forward(x, target), input: coarse, dense };
  };
  const submanifold = (): Case => {
    const index = fine();
    const layer = new SubMConv3d(ci, co).materialize({ seed: 1 });
    const dense = (f: Tensor, w: Tensor, b: Tensor) =>
      fromDense(index.coords, ops.aten.conv3d(toDense(index.coords, f, 2, extent), denseWeight(w, 3), b, 1, 1));
    return { layer, run: (x) => layer.forward(x), input: index, dense };
  };
  return [
    ["submanifold 3³", submanifold],
    ["strided 2³", strided(2)],
    ["strided 3³", strided(3)],
    ["transposed 2³", transposed(2)],
    ["transposed 3³", transposed(3)],
  ];
}

for (const [ci, co] of [
  [16, 32],
  [5, 19],
  [33, 80],
] as const)
  describe(`${ci} → ${co} channels`, () => {
    for (const [name, make] of cases(ci, co))
      test(`${name} equals ATen's dense convolution, values and gradients`, () =>
        scope(() => {
          const { layer, run, input, dense } = make();
          const feats = randomTensor([input.size, ci], 7, "f32").requiresGrad_();
          const bias = layer.bias!.tensor;
          noGrad(() => bias.copy_(randomTensor([co], 8, "f32")));
          const out = run(new SparseTensor(input, feats)).feats;
          const seed = randomTensor(out.shape, 9, "f32");
          const found = grad([out], [feats, layer.weight.tensor, bias], [seed]);
          const exact = [feats, layer.weight.tensor, bias].map((t) => t.detach().to("f64").requiresGrad_()) as [Tensor, Tensor, Tensor];
          const expected = dense(...exact);
          expect(out.to("f64")).toBeCloseToTensor(expected, { rtol: 1e-4, atol: 1e-5 });
          for (const [i, g] of grad([expected], exact, [seed.to("f64")]).entries())
            expect(found[i]!.to("f64")).toBeCloseToTensor(g!, { rtol: 1e-4, atol: 1e-4 });
        }));
  });

describe("the double reference", () => {
  const few = coordsOf(randomRows({ count: 12, extent: [4, 3, 3], seed: 2 }));
  test("passes finite differences", () =>
    scope(() => {
      const { pairs, starts } = SparseIndex.of(few).submanifold();
      const inputs = [randomTensor([12, 2], 1), randomTensor([27, 2, 3], 2), randomTensor([3], 3), randomTensor([12, 3], 4)];
      gradcheck((f, w, b, r) => ops.earthcraft.sparseConv(f!, w!, b!, pairs, starts, null, null, 12, r), inputs);
    }));
});

describe("SubMConv3d", () => {
  test("an empty set, one voxel and zero channels", () => {
    const layer = new SubMConv3d(4, 3).materialize({ seed: 1 });
    expect(layer.forward(SparseTensor.of(coordsOf([]), Tensor.zeros([0, 4]))).feats.shape).toEqual([0, 3]);
    const x = randomTensor([1, 4], 1, "f32");
    const center = layer.weight.tensor.select(0, 13);
    expect(layer.forward(SparseTensor.of(coordsOf([[0, 9, 0, 65535]]), x)).feats).toBeCloseToTensor(x.matmul(center), { rtol: 1e-5, atol: 1e-6 });
    const none = new SubMConv3d(0, 3, { init: init.zeros() }).materialize({ seed: 1 });
    expect(
      none
        .forward(SparseTensor.of(coordsOf(rows), Tensor.zeros([rows.length, 0])))
        .feats.abs()
        .max()
        .item(),
    ).toBe(0);
  });

  test("features with other strides give the same bits", () => {
    const layer = new SubMConv3d(8, 8).materialize({ seed: 3 });
    const feats = randomTensor([8, rows.length], 4, "f32").transpose(0, 1);
    const index = SparseIndex.of(coordsOf(rows));
    expect(layer.forward(new SparseTensor(index, feats)).feats).toEqualTensor(layer.forward(new SparseTensor(index, feats.contiguous())).feats);
  });

  test("a residual is added last: the bits of a sum of two tensors, and their gradients", () =>
    scope(() => {
      const layer = new SubMConv3d(8, 19).materialize({ seed: 3 });
      const index = SparseIndex.of(coordsOf(rows));
      const feats = randomTensor([rows.length, 8], 4, "f32").requiresGrad_();
      const residual = randomTensor([19, rows.length], 5, "f32").transpose(0, 1).requiresGrad_();
      const seed = randomTensor([rows.length, 19], 6, "f32");
      const inputs = [feats, residual, layer.weight.tensor, layer.bias!.tensor];
      const x = new SparseTensor(index, feats);
      const fused = layer.forward(x, residual).feats;
      const apart = layer.forward(x).feats.add(residual);
      expect(fused).toEqualTensor(apart);
      const expected = grad([apart], inputs, [seed]);
      for (const [i, g] of grad([fused], inputs, [seed]).entries()) expect(g!).toEqualTensor(expected[i]!);
    }));

  test("a residual of f32 beside features of bf16 stays f32", () =>
    scope(() => {
      const layer = new SubMConv3d(8, 8).materialize({ seed: 3 });
      const x = new SparseTensor(SparseIndex.of(coordsOf(rows)), randomTensor([rows.length, 8], 4, "f32").requiresGrad_());
      const residual = randomTensor([rows.length, 8], 5, "f32").requiresGrad_();
      const [fused, apart] = autocast("bf16", () => [layer.forward(x, residual).feats, layer.forward(x).feats]);
      expect(fused!.dtype).toBe("f32");
      expect(apart!.dtype).toBe("bf16");
      expect(fused!).toBeCloseToTensor(apart!.to("f32").add(residual), { rtol: 0.005, atol: 0.005 });
      const seed = randomTensor([rows.length, 8], 6, "f32");
      const [ofFeats, ofResidual] = grad([fused!], [x.feats, residual], [seed]) as [Tensor, Tensor];
      expect(ofResidual).toEqualTensor(seed);
      expect(ofFeats).toEqualTensor(grad([apart!], [x.feats], [seed.to("bf16")])[0]!);
    }));

  test("NaN reaches the neighbours of its voxel and nobody else", () => {
    const line = coordsOf([0, 1, 2, 3, 5].map((x) => [0, x, 3, 1]));
    const feats = randomTensor([5, 4], 4, "f32").mul(Tensor.from([1, Number.NaN, 1, 1, 1], [5, 1]));
    const out = new SubMConv3d(4, 2).materialize({ seed: 3 }).forward(SparseTensor.of(line, feats)).feats;
    expect([...ops.aten.isnan(out.select(1, 0)).toArray()]).toEqual([1, 1, 1, 0, 0]);
  });

  test("weights begin with the fans of a dense convolution", () => {
    const bound = Math.sqrt(6 / (27 * (16 + 24)));
    const weight = new SubMConv3d(16, 24).materialize({ seed: 3 }).weight.tensor;
    expect(weight.abs().max().item()).toBeLessThan(bound);
    expect(weight.abs().max().item()).toBeGreaterThan(0.98 * bound);
  });

  test("what does not fit is refused with its sizes", () => {
    const layer = new SubMConv3d(4, 3).materialize({ seed: 1 });
    expect(() => layer.forward(SparseTensor.of(coordsOf(rows), Tensor.zeros([rows.length, 5])))).toThrow("5 channels in, weight wants 4");
    expect(() => SparseTensor.of(coordsOf(rows), Tensor.zeros([7, 5]))).toThrow("7 rows of features for 600 voxels");
    const x = SparseTensor.of(coordsOf(rows), Tensor.zeros([rows.length, 4]));
    expect(() => layer.forward(x, Tensor.zeros([rows.length, 4]))).toThrow("residual must be Float [600, 3], got Float [600, 4]");
    expect(() => layer.forward(x, Tensor.zeros([rows.length, 3], { dtype: "bf16" }))).toThrow("residual must be Float [600, 3], got BFloat16");
    const stranger = SparseTensor.of(coordsOf(rows), Tensor.zeros([rows.length, 4]));
    const up = new TransposedConv3d(4, 3, { kernel: 3, stride: 2 }).materialize({ seed: 1 });
    expect(() => up.forward(stranger, stranger)).toThrow("does not live on the coarser level of the target");
  });

  test("bf16 features and weights, summed in f32; autocast's policy is the same", () =>
    scope(() => {
      const layer = new SubMConv3d(16, 24).materialize({ seed: 3 });
      const index = SparseIndex.of(coordsOf(rows));
      const { pairs, starts } = index.submanifold();
      const feats = randomTensor([rows.length, 16], 4, "f32");
      const low = [feats, layer.weight.tensor, layer.bias!.tensor].map((t) => t.to("bf16")) as [Tensor, Tensor, Tensor];
      const out = ops.earthcraft.sparseConv(...low, pairs, starts, null, null, rows.length);
      expect(out.dtype).toBe("bf16");
      const exact = ops.earthcraft.sparseConv(...(low.map((t) => t.to("f32")) as typeof low), pairs, starts, null, null, rows.length);
      expect(out.to("f32")).toBeCloseToTensor(exact, { rtol: 0.005, atol: 1e-6 });
      expect(autocast("bf16", () => layer.forward(new SparseTensor(index, feats)).feats)).toEqualTensor(out);
    }));

  test("checkpointed, with the map first built inside, gradients are equal to the bit", () =>
    scope(() => {
      const layer = new SubMConv3d(8, 8).materialize({ seed: 3 });
      const run = (wrap: (body: () => SparseTensor) => SparseTensor) => {
        const feats = randomTensor([rows.length, 8], 4, "f32").requiresGrad_();
        const x = SparseTensor.of(coordsOf(rows), feats);
        const out = wrap(() => layer.forward(x.withFeats(layer.forward(x).feats.relu())));
        return grad([out.feats.sum()], [feats, layer.weight.tensor]) as Tensor[];
      };
      const plain = run((body) => body());
      const replayed = run((body) => checkpoint(body));
      for (const [i, g] of plain.entries()) expect(replayed[i]!).toEqualTensor(g);
    }));
});
