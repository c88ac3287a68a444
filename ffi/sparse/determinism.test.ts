import { afterAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import "../../test/matchers";
import { coordsOf, randomRows, randomTensor } from "../../test/voxels";
import { grad, ops, scope, setThreads, type Tensor, threads } from "../index";
import { avgPool, fullAttention, packedAttention, SparseIndex, SparseTensor, StridedConv3d, SubMConv3d, TransposedConv3d } from "./index";

const before = threads();
afterAll(() => setThreads(before));

/** Values and gradients of every sparse operator, for sets large enough to be shared among threads. */
function everything(): Tensor[] {
  const index = SparseIndex.of(coordsOf(randomRows({ count: 3000, extent: [40, 32, 7], batches: 2, seed: 12 })));
  const feats = randomTensor([index.size, 64], 1, "f32").requiresGrad_();
  const qkv = randomTensor([index.size, 3, 2, 32], 2, "f32").requiresGrad_();
  const few = qkv.narrow(0, 0, 1500);
  const x = new SparseTensor(index, feats);
  const scene = SparseIndex.of(index.coords.narrow(0, 0, 1500));
  const layers = [
    new SubMConv3d(64, 64),
    new StridedConv3d(64, 32, { kernel: 3, stride: 2 }),
    new TransposedConv3d(64, 48, { kernel: 2, stride: 2 }),
  ] as const;
  for (const layer of layers) layer.materialize({ seed: 3 });
  const results = [
    layers[0].forward(x).feats,
    layers[1].forward(x).feats,
    layers[2].forward(avgPool(x), x).feats,
    packedAttention(qkv, index, { kind: "window", edge: 8, shift: 4 }),
    fullAttention(few.select(1, 0), few.select(1, 1), few.select(1, 2), scene, scene),
    ops.earthcraft.gelu(feats),
    ops.earthcraft.layerNorm(feats, layers[0].bias!.tensor),
  ];
  const inputs = [feats, qkv, ...layers.flatMap((layer) => layer.parameters().map((p) => p.tensor))];
  const total = results.map((r, i) => r.mul(randomTensor(r.shape, 20 + i, "f32")).sum()).reduce((a, b) => a.add(b));
  return [...results, ...grad([total], inputs).map((g) => g!), ops.earthcraft.neighbourMap(index.coords, index.coords, 3, 1)];
}

describe("sparse operators", () => {
  test(
    "give the same bits on 1, 2 and 4 threads",
    () =>
      scope(() => {
        setThreads(1);
        const expected = everything().map((t) => t.toBytes());
        for (const count of [2, 4]) {
          setThreads(count);
          const wrong = scope(() => everything().map((t, i) => (Buffer.compare(t.toBytes(), expected[i]!) === 0 ? -1 : i))).filter((i) => i >= 0);
          expect({ threads: count, wrong }).toEqual({ threads: count, wrong: [] });
        }
      }),
    60_000,
  );

  for (const variant of ["baseline", "avx2"])
    test(`pass their tests as compiled for ${variant}`, () => {
      const files = ["attention", "convolution"].map((name) => join(import.meta.dir, `${name}.test.ts`));
      const run = Bun.spawnSync([process.execPath, "test", ...files, join(import.meta.dir, "../nn/pointwise.test.ts")], {
        env: { ...process.env, EARTHCRAFT_CPU: variant },
      });
      expect(run.stderr.toString()).toContain(" 0 fail");
      expect(run.exitCode).toBe(0);
    }, 60_000);
});
