/** Meshes and voxels on the GPU beside the CPU: the same bits, since both compute in double without fused multiply-add and choose alike. */
import { describe, expect } from "bun:test";
import { ops, scope, Tensor } from "../../ffi";
import { lookAt, viewsFrom } from "../look-at";
import { skipUnless } from "../skip";
import { numbers, randomTensor } from "../voxels";
import { expectClose, GPU, onBoth } from "./both";
import { gpuName, noGpu } from "./gpu";

const onGpu = skipUnless(gpuName, noGpu);
const e = ops.earthcraft;
const [WIDTH, HEIGHT] = [147, 93];

function equal({ expected, found }: { expected: Tensor[]; found: Tensor[] }): Tensor[] {
  for (const [i, t] of expected.entries()) expect(found[i]!).toEqualTensor(t);
  return expected;
}

/** Triangles of any size, corners shared by chance, some without area. */
function soup(vertices: number, faces: number, reach: number, seed: number): [Tensor, Tensor] {
  const next = numbers(seed);
  const corners = Array.from({ length: 3 * faces }, () => Math.floor(next() * vertices));
  return [randomTensor([vertices, 3], seed, "f32").mul(reach), Tensor.from(Int32Array.from(corners), [faces, 3])];
}

/** A rough ground of small triangles that share their edges. */
function ground(edge: number, seed: number): [Tensor, Tensor] {
  const next = numbers(seed);
  const at = Float32Array.from({ length: 3 * edge * edge }, (_, i) => {
    const corner = Math.floor(i / 3);
    return [(4 * (corner % edge)) / edge - 2, (4 * Math.floor(corner / edge)) / edge - 2, 0.3 * next()][i % 3]!;
  });
  const faces: number[] = [];
  for (let y = 0; y + 1 < edge; ++y)
    for (let x = 0; x + 1 < edge; ++x) {
      const a = y * edge + x;
      faces.push(a, a + 1, a + edge, a + 1, a + edge + 1, a + edge);
    }
  return [Tensor.from(at, [edge * edge, 3]), Tensor.from(Int32Array.from(faces), [faces.length / 3, 3])];
}

const eyes = [
  [3, 1, 2],
  [-1, -4, 1.5],
] as const;
const views = viewsFrom(eyes, [0, 0.1, 0], { width: WIDTH, height: HEIGHT, focal: 150 });
/** Straight down on whole numbers, so that edges pass through the centres of pixels. */
const above = {
  viewmats: Tensor.from([1, 0, 0, 2, 0, -1, 0, 2, 0, 0, -1, 9, 0, 0, 0, 1], [1, 4, 4], { dtype: "f64" }),
  Ks: Tensor.from([20, 0, 0, 0, 20, 0, 0, 0, 1], [1, 3, 3], { dtype: "f64" }),
};

const meshes: [string, () => [Tensor, Tensor]][] = [
  ["triangles larger than the picture", () => soup(60, 80, 4, 3)],
  ["ten thousand small ones", () => ground(71, 4)],
  ["a hundred thousand, smaller than a pixel", () => ground(225, 5)],
  ["no face", () => [Tensor.zeros([3, 3]), Tensor.from(Int32Array.of(), [0, 3])]],
];

describe("meshes on a GPU", () => {
  for (const [name, make] of meshes) {
    onGpu(`rasterised: ${name}`, () =>
      scope(() => {
        for (const near of [0.01, 3.1]) equal(onBoth((v, f) => e.meshRaster(v!, f!, views.viewmats, views.Ks, WIDTH, HEIGHT, near), make()));
        equal(onBoth((v, f) => e.meshRaster(v!, f!, above.viewmats, above.Ks, 90, 81, 0.01, "parallel"), make()));
        for (const near of [0.01, 3.1]) equal(onBoth((v, f) => [e.meshVisibility(v!, f!, views.viewmats, views.Ks, WIDTH, HEIGHT, near)], make()));
      }),
    );
    onGpu(`voxelized: ${name}`, () =>
      scope(() => {
        for (const voxel_m of [0.05, 0.37]) equal(onBoth((v, f) => e.meshVoxelize(v!, f!, [-2.1, -1.9, -2], voxel_m, [70, 64, 81]), make()));
      }),
    );
  }

  onGpu("faces on whole planes belong to the upper cells", () =>
    scope(() => {
      const vertices = Tensor.from(Float32Array.of(0, 0, 1, 4, 0, 1, 4, 4, 1, 0, 4, 1, 2, 0, 0, 2, 4, 0, 2, 4, 3), [7, 3]);
      const faces = Tensor.from(Int32Array.of(0, 1, 2, 0, 2, 3, 4, 5, 6), [3, 3]);
      equal(onBoth((v, f) => e.meshVoxelize(v!, f!, [0, 0, 0], 1, [5, 5, 5]), [vertices, faces]));
      equal(onBoth((v, f) => e.meshRaster(v!, f!, above.viewmats, above.Ks, 90, 81, 0.01, "parallel"), [vertices, faces]));
    }),
  );

  onGpu("attributes at pixels", () =>
    scope(() => {
      const [vertices, faces] = ground(40, 6);
      const [face, barycentrics] = e.meshRaster(vertices, faces, views.viewmats, views.Ks, WIDTH, HEIGHT);
      for (const channels of [1, 3, 33]) {
        const attributes = randomTensor([1600, channels], channels, "f32");
        equal(
          onBoth(
            (...[at, weights, corners, values]) => [e.meshInterpolate(at!, weights!, corners!, values!)],
            [face, barycentrics, faces, attributes],
          ),
        );
      }
    }),
  );

  onGpu("scores of features and labels, drawn onto vertices", () =>
    scope(() => {
      for (const [vertices, faces] of [ground(40, 7), soup(60, 80, 4, 8)]) {
        const [face, , depth] = e.meshRaster(vertices!, faces!, views.viewmats, views.Ks, WIDTH, HEIGHT);
        const features = randomTensor([2, HEIGHT, WIDTH, 5], 9, "f32");
        const values = features.toArray();
        values[5 * 4000 + 2] = Number.NaN;
        values[5 * 4001 + 4] = Number.POSITIVE_INFINITY;
        const spoilt = Tensor.from(Float32Array.from(values), features.shape);
        const mask = randomTensor([2, HEIGHT, WIDTH], 10, "f32").gt(-0.6);
        const inputs = [vertices!, faces!, face, depth];
        equal(onBoth((...[v, f, at, z, x, m]) => e.scoreAggregate(v!, f!, at!, z!, views.viewmats, views.Ks, x!, m!, 8), [...inputs, spoilt, mask]));
        const labels = randomTensor([2, HEIGHT, WIDTH], 11, "f32").add(1).mul(20).to("u8");
        equal(
          onBoth((...[v, f, at, z, x]) => e.scoreAggregateLabels(v!, f!, at!, z!, views.viewmats, views.Ks, x!, 36, null, 8), [...inputs, labels]),
        );
        // Powers other than 3 are the mathematics libraries', which differ in the last bit.
        const { expected, found } = onBoth(
          (...[v, f, at, z, x]) => e.scoreAggregate(v!, f!, at!, z!, views.viewmats, views.Ks, x!, null, 8, 2.5, 1.5),
          [...inputs, features],
        );
        for (const [i, t] of expected.entries()) expectClose(found[i]!, t, { bound: 1e-6 });
      }
    }),
  );

  onGpu("the surface of a volume, and of its slabs", () =>
    scope(() => {
      for (const shape of [
        [2, 2, 2],
        [33, 20, 130],
        [64, 64, 64],
      ]) {
        const volume = randomTensor(shape, shape[2]!, "f32");
        const values = volume.toArray();
        for (let i = 0; i < values.length; i += 37) values[i] = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY][i % 3]!;
        for (const one of [volume, Tensor.from(Float32Array.from(values), shape)]) {
          equal(onBoth((v) => e.marchingCubes(v!, 0.1, [0.3, 0.7, 1.1], [-5, 17, 3]), [one]));
          const slab = [one.narrow(0, 1, shape[0]! - 1), one.select(0, 0)];
          equal(onBoth((v, before) => e.marchingCubes(v!, 0.1, [1, 1, 1], [0, 0, 0], "below", before!, 7, 99, true), slab));
        }
      }
    }),
  );

  onGpu("what does not exist is refused in the CPU's words", () =>
    scope(() => {
      const [vertices, faces] = ground(5, 12);
      const message = (device: string, run: (...inputs: Tensor[]) => unknown, inputs: readonly Tensor[]) => {
        try {
          run(...inputs.map((t) => t.to(device)));
        } catch (error) {
          return String(error);
        }
        return "";
      };
      const far = Tensor.from(Int32Array.of(3, -1, 32, 40), [4]);
      const broken = Tensor.from(Int32Array.of(0, 1, 25), [1, 3]);
      const cases: [(...inputs: Tensor[]) => unknown, Tensor[]][] = [
        [(at, w, f, a) => e.meshInterpolate(at!, w!, f!, a!), [far, Tensor.ones([4, 3]), faces, vertices]],
        [(at, w, f, a) => e.meshInterpolate(at!, w!, f!, a!), [Tensor.from(Int32Array.of(0), [1]), Tensor.ones([1, 3]), broken, vertices]],
        [(v, f) => e.meshRaster(v!, f!, views.viewmats, views.Ks, 8, 8), [vertices, broken]],
        [(v, f) => e.meshVoxelize(v!, f!, [0, 0, 0], 0.1, [8, 8, 0]), [vertices, faces]],
      ];
      for (const [run, inputs] of cases) {
        const words = message("cpu", run, inputs);
        expect(words).not.toBe("");
        expect(message(GPU, run, inputs)).toBe(words);
      }
    }),
  );
});

describe("rays through voxels on a GPU", () => {
  const next = numbers(20);
  const coords = (count: number) =>
    Tensor.from(
      Int32Array.from({ length: 3 * count }, () => Math.floor(next() * 41) - 19),
      [count, 3],
    ); // some twice
  for (const count of [0, 1, 900, 20_000])
    onGpu(`${count} voxels`, () =>
      scope(() => {
        const inputs = [coords(count)];
        equal(onBoth((c) => e.voxelCast(c!, [0.1, -0.2, 0.05], 0.09, views.viewmats, views.Ks, WIDTH, HEIGHT), inputs));
        equal(onBoth((c) => e.voxelCast(c!, [-1, -1, 0], 0.1, above.viewmats, above.Ks, 90, 81, 0.01, "parallel"), inputs));
        const inside = Tensor.from(Float64Array.from(lookAt([0.01, 0.02, 0.03], [1, 2, 0.5])), [1, 4, 4]);
        equal(onBoth((c) => e.voxelCast(c!, [0, 0, 0], 0.09, inside, views.Ks.narrow(0, 0, 1), WIDTH, HEIGHT), inputs));
      }),
    );
});
