import { describe, expect, test } from "bun:test";
import "../../test/matchers";
import { viewsFrom } from "../../test/look-at";
import { gradcheck } from "../../test/reference/gradcheck";
import { numbers, randomRows, randomTensor } from "../../test/voxels";
import { autocast, grad, setThreads, Tensor, threads } from "../index";
import { castVoxels, imageToVoxels, voxelsToImage } from "./index";

/** A random image of rows in [0, voxels), a fifth of it −1, some voxels never seen. */
function seen(views: number, height: number, width: number, voxels: number, seed: number): Tensor {
  const next = numbers(seed);
  const rows = Int32Array.from({ length: views * height * width }, () => (next() < 0.2 ? -1 : Math.floor(next() ** 2 * voxels * 0.9)));
  return Tensor.from(rows, [views, height, width]);
}

const none = (...shape: number[]) => Tensor.full(shape, -1, { dtype: "i32" });

/** Pixel by pixel, as JavaScript adds; `round` after every step. */
function mean(features: Tensor, voxel: Tensor, voxels: number, patch: number, round: (x: number) => number) {
  const [, channels, h, w] = features.shape as [number, number, number, number];
  const [views, height, width] = voxel.shape as [number, number, number];
  const [value, row] = [features.toArray(), voxel.toArray()];
  const feats = new Float64Array(voxels * channels);
  const counts = new Int32Array(voxels);
  for (let v = 0; v < views; ++v)
    for (let y = 0; y < height; ++y)
      for (let x = 0; x < width; ++x) {
        const at = row[(v * height + y) * width + x]!;
        if (at < 0) continue;
        counts[at]!++;
        const [i, j] = [Math.min(h - 1, Math.floor(y / patch)), Math.min(w - 1, Math.floor(x / patch))];
        for (let c = 0; c < channels; ++c) {
          const to = at * channels + c;
          feats[to] = round(feats[to]! + value[((v * channels + c) * h + i) * w + j]!);
        }
      }
  for (const [at, count] of counts.entries())
    for (let c = 0; c < channels && count > 0; ++c) feats[at * channels + c] = round(feats[at * channels + c]! / count);
  return { feats: Tensor.from(feats, [voxels, channels]), counts: Tensor.from(counts) };
}

/** Sizes of patch maps and pictures: whole and broken edges, pixels beyond the last patch, patches beyond the last pixel. */
const cases: [name: string, features: [number, number, number, number], image: [number, number], patch: number][] = [
  ["a vector a pixel", [2, 5, 17, 23], [17, 23], 1],
  ["patches of 8, cut at the border", [2, 16, 3, 4], [20, 27], 8],
  ["pixels beyond the last patch", [1, 3, 2, 2], [19, 21], 4],
  ["patches that no pixel reads", [1, 3, 9, 8], [11, 6], 3],
  ["patches of 8 / 3 pixels", [1, 4, 8, 9], [20, 23], 8 / 3],
  ["two patches a pixel", [3, 2, 22, 18], [11, 9], 0.5],
  ["one patch for all", [1, 2, 1, 1], [9, 7], 1e300],
];

describe("imageToVoxels", () => {
  for (const [name, shape, [height, width], patch] of cases)
    test(`is the mean of a voxel's pixels: ${name}`, () => {
      const voxel = seen(shape[0], height, width, 60, 3);
      const features = randomTensor(shape, 5);
      const exact = mean(features, voxel, 60, patch, (x) => x);
      expect(exact.counts.max().item()).toBeGreaterThan(2);
      expect(exact.counts.eq(0).sum().item()).toBeGreaterThan(2);
      const found = imageToVoxels(features, voxel, 60, patch);
      expect(found.feats).toEqualTensor(exact.feats);
      expect(found.counts).toEqualTensor(exact.counts);
      // In f32 every step rounds as JavaScript's own would.
      const single = features.to("f32");
      expect(imageToVoxels(single, voxel, 60, patch).feats).toEqualTensor(mean(single, voxel, 60, patch, Math.fround).feats.to("f32"));
    });

  test("bf16 is summed in f32 and rounded once; under autocast nothing is rounded", () => {
    const [voxel, features] = [seen(2, 20, 27, 60, 3), randomTensor([2, 16, 3, 4], 5, "f32")];
    const half = features.to("bf16");
    expect(imageToVoxels(half, voxel, 60, 8).feats).toEqualTensor(imageToVoxels(half.to("f32"), voxel, 60, 8).feats.to("bf16"));
    const { feats } = imageToVoxels(features, voxel, 60, 8);
    expect(autocast("bf16", () => imageToVoxels(features, voxel, 60, 8).feats)).toEqualTensor(feats);
    expect(autocast("bf16", () => voxelsToImage(feats, voxel))).toEqualTensor(voxelsToImage(feats, voxel));
  });

  test("takes features and images in any layout", () => {
    const [voxel, features] = [seen(2, 20, 27, 60, 3), randomTensor([2, 6, 3, 4], 5, "f32")];
    const { feats } = imageToVoxels(features, voxel, 60, 8);
    const turned = voxel.transpose(1, 2).contiguous().transpose(1, 2);
    expect(imageToVoxels(features.permute([0, 2, 3, 1]).contiguous().permute([0, 3, 1, 2]), turned, 60, 8).feats).toEqualTensor(feats);
    expect(voxelsToImage(feats.transpose(0, 1).contiguous().transpose(0, 1), turned)).toEqualTensor(voxelsToImage(feats, voxel));
  });

  test("bits do not depend on threads, gradients included", () => {
    const before = threads();
    const voxel = seen(2, 90, 160, 5000, 7);
    const run = (count: number) => {
      setThreads(count);
      const [features, rows] = [randomTensor([2, 16, 12, 20], 1, "f32"), randomTensor([5000, 16], 2, "f32")].map((t) => t.requiresGrad_()) as [
        Tensor,
        Tensor,
      ];
      const { feats } = imageToVoxels(features, voxel, 5000, 8);
      const image = voxelsToImage(rows, voxel);
      return [
        feats,
        image,
        ...grad([feats, image], [features, rows], [randomTensor([5000, 16], 3, "f32"), randomTensor([2, 16, 90, 160], 4, "f32")]),
      ];
    };
    const [one, three] = [run(1), run(3)];
    setThreads(before);
    for (const [i, t] of one.entries()) expect(three[i]!).toEqualTensor(t!);
  });
});

describe("voxelsToImage", () => {
  test("is what every pixel sees, and 0 elsewhere", () => {
    const [voxel, feats] = [seen(2, 7, 9, 30, 4), randomTensor([30, 3], 6, "f32")];
    const row = voxel.toArray();
    const value = feats.toArray();
    const expected = Float32Array.from({ length: 2 * 3 * 63 }, (_, i) => {
      const at = row[Math.floor(i / 189) * 63 + (i % 63)]!;
      return at < 0 ? 0 : value[3 * at + (Math.floor(i / 63) % 3)]!;
    });
    expect(voxelsToImage(feats, voxel)).toEqualTensor(Tensor.from(expected, [2, 3, 7, 9]));
    expect(voxelsToImage(feats.to("bf16"), voxel)).toEqualTensor(Tensor.from(expected, [2, 3, 7, 9]).to("bf16"));
  });

  test("what cameras see of voxels comes back to them", () => {
    const rows = randomRows({ count: 900, extent: [19, 25, 17], seed: 11 });
    const coords = Tensor.from(Int32Array.from(rows.flatMap(([, ...cell]) => cell)), [rows.length, 3]);
    const eyes = [
      [40, -30, 35],
      [-30, 9, 30],
    ] as const;
    const { voxel } = castVoxels(coords, { origin: [0, 0, 0], voxel_m: 1 }, viewsFrom(eyes, [9, 12, 8], { width: 64, height: 48, focal: 70 }));
    const feats = randomTensor([rows.length, 4], 12, "f32");
    const back = imageToVoxels(voxelsToImage(feats, voxel), voxel, rows.length);
    const met = back.counts.gt(0).unsqueeze(1);
    expect(met.sum().item()).toBeGreaterThan(200);
    expect(back.feats).toBeCloseToTensor(feats.mul(met), { rtol: 1e-6, atol: 1e-6 });
  });
});

describe("gradients", () => {
  for (const [name, shape, [height, width], patch] of cases)
    test(`pass finite differences, and are the transpose: ${name}`, () => {
      const voxel = seen(shape[0], height, width, 25, 9);
      gradcheck((features) => imageToVoxels(features!, voxel, 25, patch).feats, [randomTensor([shape[0], 1, shape[2], shape[3]], 1)]);
      gradcheck((feats) => voxelsToImage(feats!, voxel), [randomTensor([25, 2], 2)]);
      // ⟨A x, g⟩ = ⟨x, Aᵀ g⟩, A being the sum
      const [x, g] = [randomTensor(shape, 3).requiresGrad_(), randomTensor([25, shape[1]], 4)];
      const { feats, counts } = imageToVoxels(x, voxel, 25, patch);
      const sums = feats.mul(counts.to("f64").unsqueeze(1));
      const [back] = grad([sums], [x], [g]);
      expect(sums.detach().mul(g).sum().item()).toBeCloseTo(x.detach().mul(back!).sum().item(), 10);
    });

  test("of the sum is voxelsToImage where patches are pixels, and the other way round", () => {
    const voxel = seen(2, 7, 9, 30, 4);
    const [x, g] = [randomTensor([2, 3, 7, 9], 3).requiresGrad_(), randomTensor([30, 3], 4)];
    const { feats, counts } = imageToVoxels(x, voxel, 30);
    const size = counts.to("f64").unsqueeze(1);
    expect(grad([feats.mul(size)], [x], [g])[0]!).toBeCloseToTensor(voxelsToImage(g, voxel), { rtol: 1e-14, atol: 1e-14 });
    const leaf = g.detach().clone().requiresGrad_();
    expect(grad([voxelsToImage(leaf, voxel)], [leaf], [x.detach()])[0]!).toBeCloseToTensor(feats.detach().mul(size), { rtol: 1e-14, atol: 1e-14 });
  });

  test("have gradients themselves: those of a transpose are the operator", () => {
    const voxel = seen(1, 8, 9, 12, 4);
    const [x, y] = [randomTensor([1, 2, 3, 3], 3).requiresGrad_(), randomTensor([12, 2], 5).requiresGrad_()];
    const [g, h] = [randomTensor([12, 2], 1).requiresGrad_(), randomTensor([1, 2, 8, 9], 2).requiresGrad_()];
    const outs = [imageToVoxels(x, voxel, 12, 3).feats, voxelsToImage(y, voxel)];
    const [dx, dy] = grad(outs, [x, y], [g, h], { createGraph: true });
    const [dg, dh] = grad([dx!, dy!], [g, h], [x.detach(), y.detach()]);
    expect(dg!).toBeCloseToTensor(outs[0]!.detach(), { rtol: 1e-14, atol: 1e-14 });
    expect(dh!).toBeCloseToTensor(outs[1]!.detach(), { rtol: 1e-14, atol: 1e-14 });
  });

  test("of bf16 are summed in f32 and rounded once", () => {
    const voxel = seen(2, 20, 27, 60, 3);
    const [half, g] = [randomTensor([2, 16, 3, 4], 5, "f32").to("bf16").requiresGrad_(), randomTensor([60, 16], 2, "f32").to("bf16")];
    const wide = half.detach().to("f32").requiresGrad_();
    const [found] = grad([imageToVoxels(half, voxel, 60, 8).feats], [half], [g]);
    const [expected] = grad([imageToVoxels(wide, voxel, 60, 8).feats], [wide], [g.to("f32")]);
    expect(found!).toEqualTensor(expected!.to("bf16"));
  });
});

describe("odd inputs", () => {
  test("nothing hit, no voxels, no channels, no pixels, no views", () => {
    const features = randomTensor([1, 3, 2, 2], 1, "f32");
    const missed = imageToVoxels(features, none(1, 4, 4), 5, 2);
    expect(missed.feats).toEqualTensor(Tensor.zeros([5, 3]));
    expect(missed.counts).toEqualTensor(Tensor.zeros([5], { dtype: "i32" }));
    expect(imageToVoxels(features, none(1, 4, 4), 0, 2).feats.shape).toEqual([0, 3]);
    const hit = imageToVoxels(Tensor.zeros([1, 0, 2, 2]), seen(1, 4, 4, 5, 1), 5, 2);
    expect(hit.feats.shape).toEqual([5, 0]);
    expect(hit.counts.sum().item()).toBeGreaterThan(5);
    expect(imageToVoxels(Tensor.zeros([1, 3, 0, 0]), none(1, 0, 4), 5).feats).toEqualTensor(Tensor.zeros([5, 3]));
    expect(imageToVoxels(Tensor.zeros([0, 3, 2, 2]), none(0, 4, 4), 5).feats).toEqualTensor(Tensor.zeros([5, 3]));
    expect(voxelsToImage(Tensor.zeros([0, 3]), none(1, 4, 4))).toEqualTensor(Tensor.zeros([1, 3, 4, 4]));
    expect(voxelsToImage(Tensor.zeros([5, 0]), seen(1, 4, 4, 5, 1)).shape).toEqual([1, 0, 4, 4]);
    expect(voxelsToImage(Tensor.zeros([5, 3]), none(0, 4, 4)).shape).toEqual([0, 3, 4, 4]);
    expect(voxelsToImage(Tensor.zeros([5, 3]), none(2, 0, 4)).shape).toEqual([2, 3, 0, 4]);
  });

  test("gradients of features that no pixel reads, and of voxels that none sees, are 0", () => {
    const [x, y] = [Tensor.ones([1, 3, 2, 2]).requiresGrad_(), Tensor.ones([5, 3]).requiresGrad_()];
    const [dx, dy] = grad(
      [imageToVoxels(x, none(1, 4, 4), 5, 2).feats, voxelsToImage(y, none(1, 4, 4))],
      [x, y],
      [Tensor.ones([5, 3]), Tensor.ones([1, 3, 4, 4])],
    );
    expect(dx!).toEqualTensor(Tensor.zeros([1, 3, 2, 2]));
    expect(dy!).toEqualTensor(Tensor.zeros([5, 3]));
  });

  test("NaN and infinity reach the voxels whose pixels read them, and no other; unseen NaN reaches no pixel", () => {
    const voxel = Tensor.from(Int32Array.of(0, 0, 1, -1, 2, 2), [1, 2, 3]);
    const features = Tensor.from(Float32Array.of(1, Number.NaN, 3, Number.NaN, Number.POSITIVE_INFINITY, 6), [1, 1, 2, 3]);
    expect([...imageToVoxels(features, voxel, 4).feats.toArray()]).toEqual([Number.NaN, 3, Number.POSITIVE_INFINITY, 0]);
    const feats = Tensor.from(Float32Array.of(1, Number.NaN, 3, Number.NaN), [4, 1]);
    expect([...voxelsToImage(feats, voxel).toArray()]).toEqual([1, 1, Number.NaN, 0, 3, 3]);
  });

  test("rows that are not there are refused by their place", () => {
    const voxel = Tensor.from(Int32Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), [2, 2, 3]);
    const features = Tensor.zeros([2, 1, 2, 3]);
    expect(() => imageToVoxels(features, voxel, 11)).toThrow("voxel of view 1, row 1, column 2 is 11, but there are 11 voxels");
    expect(() => voxelsToImage(Tensor.zeros([8, 1]), voxel)).toThrow("voxel of view 1, row 0, column 2 is 8, but there are 8 voxels");
    expect(() => imageToVoxels(features, voxel.sub(3), 20)).toThrow("voxel of view 0, row 0, column 0 is -3");
    expect(() => imageToVoxels(features, voxel, 0)).toThrow("there are 0 voxels");
  });

  test("arguments of other kinds are refused by name", () => {
    const [features, voxel, feats] = [Tensor.zeros([2, 1, 2, 3]), none(2, 4, 6), Tensor.zeros([8, 1])];
    expect(() => imageToVoxels(features.to("i32"), voxel, 8)).toThrow("features must be floating point [V, C, h, w]");
    expect(() => imageToVoxels(features.select(0, 0), voxel, 8)).toThrow("features must be floating point [V, C, h, w]");
    expect(() => imageToVoxels(features.narrow(0, 0, 1), voxel, 8)).toThrow("with V = 2 as voxel");
    expect(() => imageToVoxels(features.narrow(2, 0, 0), voxel, 8)).toThrow("features must have a patch");
    expect(() => imageToVoxels(features, voxel.to("i64"), 8)).toThrow("voxel must be int32 [V, H, W]");
    expect(() => imageToVoxels(features, voxel.select(0, 0), 8)).toThrow("voxel must be int32 [V, H, W]");
    expect(() => imageToVoxels(features, voxel, -1)).toThrow("voxels must lie in");
    expect(() => imageToVoxels(features, voxel, 2 ** 40)).toThrow("voxels must lie in");
    for (const patch of [0, -2, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => imageToVoxels(features, voxel, 8, patch)).toThrow("patch must be");
    expect(() => voxelsToImage(feats.to("i32"), voxel)).toThrow("feats must be floating point [N, C]");
    expect(() => voxelsToImage(feats.select(0, 0), voxel)).toThrow("feats must be floating point [N, C]");
    expect(() => voxelsToImage(feats, voxel.to("f32"))).toThrow("voxel must be int32 [V, H, W]");
    expect(() => voxelsToImage(feats, voxel.select(0, 0))).toThrow("voxel must be int32 [V, H, W]");
  });
});
