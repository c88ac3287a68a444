import { describe, expect, test } from "bun:test";
import "../../test/matchers";
import { fromDense, toDense } from "../../test/reference/dense-voxels";
import { gradcheck } from "../../test/reference/gradcheck";
import { coordsOf, randomRows, randomTensor } from "../../test/voxels";
import { grad, ops, Tensor } from "../index";
import { avgPool, SparsePixelShuffle, SparseTensor, upsampleCopy } from "./index";

const extent = [10, 8, 6] as const;
const rows = randomRows({ count: 150, extent, batches: 2, seed: 4 });
const voxels = (channels: number) => SparseTensor.of(coordsOf(rows), randomTensor([rows.length, channels], 3, "f32").requiresGrad_());

describe("avgPool", () => {
  test("equals the dense mean pool over the cells that exist, with its gradient", () => {
    const x = voxels(5);
    const pooled = avgPool(x);
    const exact = x.feats.detach().to("f64").requiresGrad_();
    const mean = (feats: Tensor) => ops.aten.avgPool3d(toDense(x.coords, feats, 2, extent), 2);
    const share = mean(Tensor.ones([rows.length, 1], { dtype: "f64" }));
    const expected = fromDense(pooled.coords, mean(exact).div(share.clamp(1e-9)));
    expect(pooled.feats.to("f64")).toBeCloseToTensor(expected, { rtol: 1e-5, atol: 1e-6 });
    const seed = randomTensor(pooled.feats.shape, 6, "f32");
    expect(grad([pooled.feats], [x.feats], [seed])[0]!.to("f64")).toBeCloseToTensor(grad([expected], [exact], [seed.to("f64")])[0]!, {
      rtol: 1e-5,
      atol: 1e-6,
    });
  });

  test("passes finite differences with the copy up", () => {
    const x = voxels(1);
    const { parent, children } = x.index.coarser();
    gradcheck(
      (f) => ops.earthcraft.sparseCopyUp(ops.earthcraft.sparseAvgDown(f!, children, parent).exp(), children, parent),
      [randomTensor([rows.length, 2], 9)],
    );
  });
});

describe("upsampleCopy", () => {
  test("onto a target: every voxel takes its parent's features", () => {
    const x = voxels(3);
    const coarse = avgPool(x);
    const up = upsampleCopy(coarse, x);
    const nearest = ops.aten.upsampleNearest3d(toDense(coarse.coords, coarse.feats, 2, [5, 4, 3]), [extent[2], extent[1], extent[0]]);
    expect(up.feats).toEqualTensor(fromDense(x.coords, nearest));
    expect(up.index).toBe(x.index);
    const seed = randomTensor(up.feats.shape, 6, "f32");
    expect(grad([up.feats], [coarse.feats], [seed])[0]!).toBeCloseToTensor(
      grad([x.coords.numel ? fromDense(x.coords, nearest) : up.feats], [coarse.feats], [seed])[0]!,
      { rtol: 1e-5, atol: 1e-6 },
    );
  });

  test("without a target all eight children are there, and lead back to their parent", () => {
    const up = upsampleCopy(voxels(3));
    expect(up.size).toBe(8 * rows.length);
    expect(avgPool(up).feats).toBeCloseToTensor(voxels(3).feats, { rtol: 1e-6, atol: 1e-7 });
    expect([...up.coords.narrow(0, 0, 8).toArray()]).toEqual([0, 1, 2, 3, 4, 5, 6, 7].flatMap((s) => child(rows[0]!, s)));
  });
});

function child([batch, x, y, z]: readonly [number, number, number, number], slot: number): number[] {
  return [batch, 2 * x + (slot & 1), 2 * y + ((slot >> 1) & 1), 2 * z + (slot >> 2)];
}

describe("SparsePixelShuffle", () => {
  test("eighth s of a voxel's channels becomes its child in slot x + 2y + 4z", () => {
    const layer = new SparsePixelShuffle(2, 2).materialize({ seed: 1 });
    const parts = Array.from({ length: 16 }, (_, o) => [0, 1].map((i) => (o % 2 === i ? 1 + Math.floor(o / 2) : 0)));
    layer.expand.weight.tensor.detach().copy_(Tensor.from(parts.flat(), [16, 2]));
    layer.project.weight.tensor.detach().copy_(Tensor.from([1, 0, 0, 1], [2, 2]));
    const x = voxels(2);
    const out = layer.forward(x);
    const expected = Tensor.cat(
      Array.from({ length: 8 }, (_, slot) => x.feats.mul(1 + slot).unsqueeze(1)),
      1,
    ).view([-1, 2]);
    expect(out.feats).toBeCloseToTensor(expected, { rtol: 1e-6 });
    expect(out.index.coarser().index).toBe(x.index);
  });

  test("children beyond the last coordinate are refused", () => {
    const edge = SparseTensor.of(coordsOf([[0, 1, 40000, 2]]), Tensor.zeros([1, 2]));
    expect(() => new SparsePixelShuffle(2, 2).materialize({ seed: 1 }).forward(edge)).toThrow("y 40000");
  });
});
