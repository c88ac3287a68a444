import { describe, expect, test } from "bun:test";
import "../../test/matchers";
import { drawn, LETTER_F, letterCells } from "../../test/letter-f";
import { viewsFrom } from "../../test/look-at";
import { gradcheck } from "../../test/reference/gradcheck";
import { randomTensor } from "../../test/voxels";
import { autocast, grad, noGrad, ops, scope, setThreads, Tensor, threads } from "../index";
import { topDownView } from "../mesh";
import { renderSplats, type SplatImage, type Splats } from "./index";

const positive = (shape: readonly number[], seed: number) => randomTensor(shape, seed, "f32").add(1).div(2);

/** Discs of all directions about the origin. */
function cloud(count: number, { seed = 1, size = 0.4, opacity = 0.95, channels = 3 } = {}): Splats & { colors: Tensor } {
  return {
    means: randomTensor([count, 3], seed, "f32").mul(1.4),
    quats: randomTensor([count, 4], seed + 1, "f32"),
    scales: positive([count, 3], seed + 2)
      .mul(size)
      .add(0.02),
    opacities: positive([count], seed + 3)
      .mul(opacity)
      .add(0.02),
    colors: positive([count, channels], seed + 4),
  };
}

const eyes = [
  [3, 1, 2],
  [-1, -4, 1],
] as const;
const views = viewsFrom(eyes, [0, 0.1, 0], { width: 37, height: 29, focal: 34 });
const small = viewsFrom(eyes, [0, 0.1, 0], { width: 19, height: 17, focal: 15 });

type Reference = [color: Tensor, alpha: Tensor, depth: Tensor, median: Tensor, normal: Tensor, distortion: Tensor];

/** Every pixel against every splat in double, by the paper's cross product of planes. */
function reference(splats: readonly Tensor[], background: Tensor, at = views): Reference {
  const [means, quats, scales, opacities, colors] = splats.map((t) => t.to("f64")) as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const { viewmats, Ks, width, height } = at;
  const rest = [undefined, undefined, undefined, true] as const; // ranges, near, far; with distortion
  return ops.earthcraft.splatRenderReference(means, quats, scales, opacities, colors, viewmats, Ks, width, height, background.to("f64"), ...rest);
}

const parts = ({ means, quats, scales, opacities, colors }: Splats) => [means, quats, scales, opacities, colors!];
const images = ({ color, alpha, depth, median, normal, distortion }: SplatImage): Reference => [color, alpha, depth, median, normal, distortion!];

function expectReference(splats: Splats): void {
  const background = positive([splats.colors!.shape.at(-1)!], 77);
  const found = images(renderSplats(splats, { ...views, background, distortion: true }));
  for (const [i, expected] of reference(parts(splats), background).entries())
    expect(found[i]!).toBeCloseToTensor(expected, { rtol: 1e-4, atol: 3e-5 });
}

interface Differentiated {
  at?: typeof views;
  /** Of the images, in the order of Reference. The median has no gradient. */
  measured: readonly number[];
}

/** Gradients of some images, weighted at random, beside finite differences of the reference. */
function expectGradients(splats: Splats, { at = small, measured }: Differentiated): void {
  const channels = splats.colors!.shape.at(-1)!;
  const inputs = [...parts(splats), positive([channels], 71)].map((t) => t.detach().requiresGrad_());
  const plane = [at.viewmats.size(0), at.height, at.width];
  const weights = [channels, 1, 1, 1, 3, 1].map((c, i) => randomTensor(c === 1 ? plane : plane.toSpliced(1, 0, c), 80 + i, "f64"));
  const loss = (out: Reference) => measured.reduce((sum, i) => sum.add(out[i]!.to("f64").mul(weights[i]!).sum()), Tensor.zeros([], { dtype: "f64" }));
  const [means, quats, scales, opacities, colors, background] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
  const rendered = images(renderSplats({ means, quats, scales, opacities, colors }, { ...at, background, distortion: measured.includes(5) }));
  const found = grad([loss(rendered)], inputs);
  const values = inputs.map((t) => Float64Array.from(t.toArray()));
  const lossAtValues = () =>
    noGrad(() =>
      scope(() => {
        const tensors = values.map((v, i) => Tensor.from(v, inputs[i]!.shape));
        return loss(reference(tensors.slice(0, 5), tensors[5]!, at));
      }).item(),
    );
  for (const [i, v] of values.entries()) {
    const analytic = found[i]?.toArray() ?? new Float64Array(v.length);
    const largest = Math.max(...analytic.map(Math.abs));
    if (i < 4 || measured.includes(0)) expect(largest).toBeGreaterThan(0.05);
    for (let j = 0; j < v.length; ++j) {
      const centre = v[j]!;
      v[j] = centre + 1e-5;
      const above = lossAtValues();
      v[j] = centre - 1e-5;
      const below = lossAtValues();
      v[j] = centre;
      const numeric = (above - below) / 2e-5;
      // Alpha jumps at 1/255, a splat's order and its filter change somewhere: differences across such a step are seen as large ones.
      if (Math.abs(numeric) > 50 * largest) continue;
      expect(Math.abs(analytic[j]! - numeric)).toBeLessThanOrEqual(2e-3 * largest);
    }
  }
}

/** So wide that every pixel sees them with their full opacity, at these depths before a camera that looks along z. */
function sheets(depths: readonly number[], opacities: readonly number[]): Splats & { colors: Tensor } {
  const count = depths.length;
  return {
    means: Tensor.from(
      depths.flatMap((z) => [0, 0, z]),
      [count, 3],
    ),
    quats: Tensor.from([1, 0, 0, 0], [1, 4]).expand([count, 4]),
    scales: Tensor.full([count, 2], 1e5),
    opacities: Tensor.from([...opacities]),
    colors: Tensor.from(
      depths.flatMap((z) => [z, z * z]),
      [count, 2],
    ),
  };
}
const along = (z: number, size = { width: 5, height: 4 }) => ({
  viewmats: Tensor.from([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, z, 0, 0, 0, 1], [1, 4, 4]),
  Ks: Tensor.from([20, 0, size.width / 2, 0, 20, size.height / 2, 0, 0, 1], [1, 3, 3]),
  ...size,
});

describe("renderSplats", () => {
  test("equals every pixel against every splat", () => expectReference(cloud(70)));
  test("with any channels", () => expectReference(cloud(40, { channels: 16, seed: 20 })));
  test("with colours of their own for every view", () => expectReference({ ...cloud(30, { seed: 30 }), colors: positive([2, 30, 5], 39) }));
  test("splats much smaller than a pixel", () => expectReference(cloud(300, { size: 0.01, opacity: 0.3, seed: 40 })));
  test("splats wider than the picture, around the camera too", () => expectReference(cloud(25, { size: 4, opacity: 0.5, seed: 50 })));
  test("opaque crowds, where light ends early", () => expectReference(cloud(400, { size: 1, seed: 60 })));

  test("one disc that faces the camera fades as exp(−r²/2σ²), at its own depth and normal", () => {
    const sigma = 0.8;
    const one: Splats = {
      means: Tensor.from([0.3, -0.2, 5], [1, 3]),
      quats: Tensor.from([2, 0, 0, 0], [1, 4]),
      scales: Tensor.from([sigma, sigma], [1, 2]),
      opacities: Tensor.from([0.7]),
      colors: Tensor.from([0.2, 0.5, 1], [1, 3]),
    };
    const identity = {
      viewmats: Tensor.from([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], [1, 4, 4]),
      Ks: Tensor.from([20, 0, 10, 0, 25, 8, 0, 0, 1], [1, 3, 3]),
    };
    const { alpha, color, depth, normal, distortion } = renderSplats(one, { ...identity, width: 24, height: 18, distortion: true });
    expect(distortion!).toEqualTensor(Tensor.zeros([1, 18, 24]));
    const [a, c] = [alpha.toArray(), color.toArray()];
    for (let p = 0; p < a.length; ++p) {
      const x = (((p % 24) + 0.5 - 10) / 20) * 5 - 0.3;
      const y = ((Math.floor(p / 24) + 0.5 - 8) / 25) * 5 + 0.2;
      const expected = 0.7 * Math.exp(-(x * x + y * y) / (2 * sigma * sigma));
      expect(a[p]!).toBeCloseTo(expected < 1 / 255 ? 0 : expected, 5);
      expect(c[2 * a.length + p]!).toBeCloseTo(a[p]!, 5);
    }
    const middle = 7 * 24 + 11;
    expect(depth.toArray()[middle]).toBeCloseTo(5, 5);
    expect(normal.toArray()[2 * a.length + middle]!).toBeCloseTo(-a[middle]!, 5);
  });

  const few = { seed: 70, size: 0.8, opacity: 0.6 };
  test("gradients are the finite differences of the reference", () => expectGradients(cloud(6, few), { measured: [0, 1, 2, 4] }));
  test("with that of distortion among them", () => expectGradients(cloud(6, few), { measured: [0, 1, 2, 4, 5] }));
  test("of distortion alone, and of any channels", () => {
    expectGradients(cloud(6, few), { measured: [5] });
    expectGradients(cloud(5, { ...few, seed: 75, channels: 5 }), { measured: [0, 5] });
  });

  test("gradients of colour alone are those of the general pass", () => {
    const gradients = (all: boolean) =>
      scope(() => {
        const inputs = parts(cloud(60, { seed: 90 })).map((t) => t.detach().requiresGrad_());
        const [means, quats, scales, opacities, colors] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
        const { color, depth } = renderSplats({ means, quats, scales, opacities, colors }, views);
        const loss = color.mul(randomTensor(color.shape, 5, "f32")).sum();
        return grad([all ? loss.add(depth.mul(0).sum()) : loss], inputs) as Tensor[];
      });
    const general = gradients(true);
    for (const [i, found] of gradients(false).entries()) expect(found).toBeCloseToTensor(general[i]!, { rtol: 1e-4, atol: 1e-4 });
  });

  test("distortion of two sheets is w₁ w₂ (z₁ − z₂)², its gradients those of this product", () => {
    const [a, b] = [0.6, 0.5];
    const inputs = parts(sheets([4, 7], [a, b])).map((t) => t.detach().requiresGrad_());
    const [means, quats, scales, opacities, colors] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
    const { distortion } = renderSplats({ means, quats, scales, opacities, colors }, { ...along(0), distortion: true });
    const pixels = 5 * 4;
    const product = a * (1 - a) * b;
    expect(distortion!).toBeCloseToTensor(Tensor.full([1, 4, 5], product * 9), { rtol: 1e-5 });
    const [ofMeans, , , ofOpacities] = grad([distortion!.sum()], inputs) as Tensor[];
    const along_z = 2 * product * 3 * pixels;
    expect(ofMeans!.select(1, 2).contiguous()).toBeCloseToTensor(Tensor.from([-along_z, along_z]), { rtol: 1e-4 });
    const expected = [(1 - 2 * a) * b * 9 * pixels, a * (1 - a) * 9 * pixels];
    expect(ofOpacities!).toBeCloseToTensor(Tensor.from(expected), { rtol: 1e-4 });
  });

  test("distortion of one metre is exact at five hundred, where alpha Σwz² − (Σwz)² in f32 is noise", () => {
    const count = 40;
    const metre = randomTensor([count], 160, "f32").div(2).toArray();
    const faint = positive([count], 161).mul(0.2).add(0.005).toArray();
    const splats = sheets(
      Array.from(metre, (z) => 500 + z),
      Array.from(faint),
    );
    const zero = Tensor.zeros([2]);
    const [, , , , , expected] = reference(parts(splats), zero, along(0));
    const { color, alpha, distortion } = renderSplats(splats, { ...along(0), distortion: true });
    const apart = (found: Tensor) => found.to("f64").sub(expected).abs().max().item();
    // f32 holds a depth of 500 to 2^-15 m, and the square of a pair that is 1 m apart to twice that.
    const tolerance = 2 * 2 ** -15;
    expect(expected.min().item()).toBeGreaterThan(0.03);
    expect(apart(distortion!)).toBeLessThan(tolerance);
    const [first, second] = [color.select(1, 0), color.select(1, 1)];
    expect(apart(alpha.mul(second).sub(first.mul(first)))).toBeGreaterThan(100 * tolerance);

    const aerial = viewsFrom([[180, -130, 450]], [0, 0, 0], { width: 19, height: 17, focal: 4000 });
    expectGradients(cloud(6, few), { at: aerial, measured: [5] });
  });

  test("without distortion there is none, and the other images are the same", () => {
    const splats = cloud(60, { seed: 170 });
    const [plain, all] = [renderSplats(splats, views), renderSplats(splats, { ...views, distortion: true })];
    expect(plain.distortion).toBeUndefined();
    for (const key of ["color", "alpha", "depth", "median", "normal"] as const)
      expect(all[key]).toBeCloseToTensor(plain[key], { rtol: 1e-6, atol: 1e-6 });
    const [means, quats, scales, opacities, colors] = parts(splats).map((t) => t.detach().requiresGrad_()) as [
      Tensor,
      Tensor,
      Tensor,
      Tensor,
      Tensor,
    ];
    const none = ops.earthcraft.splatRender(means, quats, scales, opacities, colors, views.viewmats, views.Ks, 37, 29)[5];
    expect([none.shape, none.requiresGrad]).toEqual([[0], false]);
  });

  test("distortion of no splats is nothing, and of such as are no numbers that of the others", () => {
    const nothing = renderSplats(cloud(0), { ...views, distortion: true }).distortion!;
    expect(nothing).toEqualTensor(Tensor.zeros([2, 29, 37]));
    const splats = cloud(20, { seed: 180 });
    const odd = cloud(3, { seed: 190 });
    const [quats, opacities, means] = [odd.quats, odd.opacities, odd.means].map((t) => t.toArray());
    [quats![0], opacities![1], means![6]] = [Number.NaN, Number.NaN, Number.POSITIVE_INFINITY];
    const more: Splats = {
      means: Tensor.cat([splats.means, Tensor.from(means!, [3, 3])]),
      quats: Tensor.cat([splats.quats, Tensor.from(quats!, [3, 4])]),
      scales: Tensor.cat([splats.scales, odd.scales]),
      opacities: Tensor.cat([splats.opacities, Tensor.from(opacities!, [3])]),
      colors: Tensor.cat([splats.colors, odd.colors]),
    };
    const [found, expected] = [more, splats].map((all) => renderSplats(all, { ...views, distortion: true }).distortion!);
    expect(found!).toEqualTensor(expected!);
    expect(expected!.max().item()).toBeGreaterThan(0.1);
  });

  test("bits do not depend on threads, backward included", () => {
    const run = (count: number) => {
      setThreads(count);
      const inputs = parts(cloud(200, { seed: 100 })).map((t) => t.detach().requiresGrad_());
      const [means, quats, scales, opacities, colors] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
      const out = images(renderSplats({ means, quats, scales, opacities, colors }, { ...views, distortion: true }));
      return [...out, ...(grad([out[0]!.mul(2).sum().add(out[2]!.sum()).add(out[5]!.sum())], inputs) as Tensor[])];
    };
    const before = threads();
    const [one, three] = [run(1), run(3)];
    setThreads(before);
    for (const [i, t] of three.entries()) expect(t).toEqualTensor(one[i]!);
  });

  test("a batch of scenes in one list is each scene alone", () => {
    const [a, b] = [cloud(50, { seed: 110 }), cloud(30, { seed: 120 })];
    const sh = [randomTensor([50, 4, 3], 130, "f32"), randomTensor([30, 4, 3], 131, "f32")] as const;
    const join = (key: "means" | "quats" | "scales" | "opacities") => Tensor.cat([a[key], b[key]]);
    const both = renderSplats(
      { means: join("means"), quats: join("quats"), scales: join("scales"), opacities: join("opacities"), sh: Tensor.cat([...sh]) },
      { ...views, ranges: Tensor.from(Int32Array.of(0, 50, 50, 80), [2, 2]).to("i64"), distortion: true },
    );
    for (const [v, scene] of [a, b].entries()) {
      const { means, quats, scales, opacities } = scene;
      const one = { ...views, viewmats: views.viewmats.narrow(0, v, 1), Ks: views.Ks.narrow(0, v, 1), distortion: true };
      const alone = renderSplats({ means, quats, scales, opacities, sh: sh[v]! }, one);
      for (const key of ["color", "alpha", "depth", "median", "normal", "distortion"] as const)
        expect(both[key]!.narrow(0, v, 1).contiguous()).toEqualTensor(alone[key]!);
    }
  });

  test("an F reads as an F from above", () => {
    const means = Tensor.from(
      letterCells.flatMap(([x, y]) => [x + 0.5, y + 0.5, 0]),
      [letterCells.length, 3],
    );
    const count = letterCells.length;
    const K = [2000, 0, 12.5, 0, 2000, 15, 0, 0, 1]; // far above: nearly parallel, five pixels a cell
    const { viewmats } = topDownView({ west: 2.5, north: 3, top: 400, pixel: 1, width: 5, height: 6 });
    const { alpha, normal } = renderSplats(
      {
        means,
        quats: Tensor.from([1, 0, 0, 0], [1, 4]).expand([count, 4]),
        scales: Tensor.full([count, 2], 0.2),
        opacities: Tensor.full([count], 0.99),
        colors: Tensor.ones([count, 1]),
      },
      { viewmats, Ks: Tensor.from(K, [1, 3, 3]), width: 25, height: 30 },
    );
    const a = alpha.toArray();
    const cells = Array.from({ length: 30 }, (_, cell) => a[(5 * Math.floor(cell / 5) + 2) * 25 + 5 * (cell % 5) + 2]!);
    expect(drawn(cells, 5, (value) => value > 0.5)).toEqual([...LETTER_F]);
    expect(normal.select(1, 2).max().item()).toBeCloseTo(0.99, 4); // up
  });

  test("half precision is widened under autocast", () => {
    const splats = cloud(20, { seed: 140 });
    const half = Object.fromEntries(Object.entries(splats).map(([key, t]) => [key, t.to("bf16")])) as unknown as Splats;
    const { color } = autocast("bf16", () => renderSplats(half, views));
    const [means, quats, scales, opacities, colors] = parts(half).map((t) => t.to("f32")) as [Tensor, Tensor, Tensor, Tensor, Tensor];
    expect(color).toEqualTensor(renderSplats({ means, quats, scales, opacities, colors }, views).color);
  });

  test("refuses what does not fit, by name and number", () => {
    const splats = cloud(20, { seed: 150 });
    expect(() => renderSplats({ ...splats, quats: splats.quats.narrow(0, 0, 19) }, views)).toThrow(
      "quats must be Float [M, 4], got Float [19, 4]; means has 20 rows",
    );
    expect(() => renderSplats({ ...splats, sh: Tensor.zeros([20, 4, 3]) }, views)).toThrow("either sh or colors");
    expect(() => renderSplats(splats, { ...views, ranges: Tensor.from(Int32Array.of(0, 20, 5, 21), [2, 2]) })).toThrow(
      "ranges[1] is [5, 21), but there are 20",
    );
    expect(() => renderSplats({ ...splats, colors: Tensor.zeros([20, 65]) }, views)).toThrow("C in [1, 64]");
  });
});

describe("splatSh", () => {
  test("degree 1 leans towards the light of its signs: 1/2 + C0 h0 − C1 y h1 + C1 z h2 − C1 x h3, never below 0", () => {
    const sh = [0.4, -0.2, 0.1, 0.3, 0.5, -0.9, -0.7, 0.2, 0.6, 0.8, -0.4, 0.25];
    const means = [
      [1, 2, -2],
      [-3, 0, 4],
    ];
    const origin = Tensor.from([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], [1, 4, 4]);
    const colors = ops.earthcraft.splatSh(Tensor.from(means.flat(), [2, 3]), Tensor.from([...sh, ...sh.map((h) => -3 * h)], [2, 4, 3]), origin);
    const expected = means.flatMap((at, i) => {
      const [x, y, z] = at.map((value) => value / Math.hypot(...at)) as [number, number, number];
      return [0, 1, 2].map((c) => {
        const [h0, h1, h2, h3] = [0, 3, 6, 9].map((k) => sh[k + c]! * (i === 0 ? 1 : -3)) as [number, number, number, number];
        return Math.max(0, 0.5 + 0.28209479177387814 * h0 + 0.4886025119029199 * (-y * h1 + z * h2 - x * h3));
      });
    });
    expect(colors).toBeCloseToTensor(Tensor.from(expected, [1, 2, 3]), { rtol: 1e-6, atol: 1e-6 });
    expect(expected.filter((value) => value === 0).length).toBeGreaterThan(0);
  });

  test("its gradients are finite differences", () => {
    gradcheck((means, sh) => ops.earthcraft.splatSh(means, sh, views.viewmats), [randomTensor([5, 3], 1), randomTensor([5, 4, 3], 2)]);
  });
});
