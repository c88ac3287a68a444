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

type Reference = [color: Tensor, alpha: Tensor, depth: Tensor, median: Tensor, normal: Tensor];

/** Every pixel against every splat in double, by the paper's cross product of planes. */
function reference(splats: readonly Tensor[], background: Tensor, at = views): Reference {
  const [means, quats, scales, opacities, colors] = splats.map((t) => t.to("f64")) as [Tensor, Tensor, Tensor, Tensor, Tensor];
  return ops.earthcraft.splatRenderReference(means, quats, scales, opacities, colors, at.viewmats, at.Ks, at.width, at.height, background.to("f64"));
}

const parts = ({ means, quats, scales, opacities, colors }: Splats) => [means, quats, scales, opacities, colors!];
const images = ({ color, alpha, depth, median, normal }: SplatImage): Reference => [color, alpha, depth, median, normal];

function expectReference(splats: Splats): void {
  const background = positive([splats.colors!.shape.at(-1)!], 77);
  const found = images(renderSplats(splats, { ...views, background }));
  for (const [i, expected] of reference(parts(splats), background).entries())
    expect(found[i]!).toBeCloseToTensor(expected, { rtol: 1e-4, atol: 3e-5 });
}

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
    const { alpha, color, depth, normal } = renderSplats(one, { ...identity, width: 24, height: 18 });
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

  test("gradients are the finite differences of the reference", () => {
    const splats = cloud(6, { seed: 70, size: 0.8, opacity: 0.6 });
    const background = positive([3], 71);
    const small = viewsFrom(eyes, [0, 0.1, 0], { width: 19, height: 17, focal: 15 });
    const inputs = [...parts(splats), background].map((t) => t.detach().requiresGrad_());
    const weights = [3, 1, 1, 1, 3].map((channels, i) => randomTensor(channels === 1 ? [2, 17, 19] : [2, channels, 17, 19], 80 + i, "f64"));
    const measured = [0, 1, 2, 4]; // the median has no gradient
    const loss = (out: Reference) =>
      measured.reduce((sum, i) => sum.add(out[i]!.to("f64").mul(weights[i]!).sum()), Tensor.zeros([], { dtype: "f64" }));
    const [means, quats, scales, opacities, colors, behind] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
    const found = grad([loss(images(renderSplats({ means, quats, scales, opacities, colors }, { ...small, background: behind })))], inputs);
    const values = inputs.map((t) => Float64Array.from(t.toArray()));
    const at = () =>
      noGrad(() =>
        scope(() => {
          const tensors = values.map((v, i) => Tensor.from(v, inputs[i]!.shape));
          return loss(reference(tensors.slice(0, 5), tensors[5]!, small));
        }).item(),
      );
    for (const [i, v] of values.entries()) {
      const analytic = found[i]!.toArray();
      const largest = Math.max(...analytic.map(Math.abs));
      expect(largest).toBeGreaterThan(0.1);
      for (let j = 0; j < v.length; ++j) {
        const centre = v[j]!;
        v[j] = centre + 1e-5;
        const above = at();
        v[j] = centre - 1e-5;
        const below = at();
        v[j] = centre;
        const numeric = (above - below) / 2e-5;
        // Alpha jumps at 1/255, a splat's order and its filter change somewhere: differences across such a step are seen as large ones.
        if (Math.abs(numeric) > 50 * largest) continue;
        expect(Math.abs(analytic[j]! - numeric)).toBeLessThan(2e-3 * largest);
      }
    }
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

  test("bits do not depend on threads, backward included", () => {
    const run = (count: number) => {
      setThreads(count);
      const inputs = parts(cloud(200, { seed: 100 })).map((t) => t.detach().requiresGrad_());
      const [means, quats, scales, opacities, colors] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
      const out = images(renderSplats({ means, quats, scales, opacities, colors }, views));
      return [...out, ...(grad([out[0]!.mul(2).sum().add(out[2]!.sum())], inputs) as Tensor[])];
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
      { ...views, ranges: Tensor.from(Int32Array.of(0, 50, 50, 80), [2, 2]).to("i64") },
    );
    for (const [v, scene] of [a, b].entries()) {
      const { means, quats, scales, opacities } = scene;
      const one = { ...views, viewmats: views.viewmats.narrow(0, v, 1), Ks: views.Ks.narrow(0, v, 1) };
      const alone = renderSplats({ means, quats, scales, opacities, sh: sh[v]! }, one);
      for (const key of ["color", "alpha", "depth", "median", "normal"] as const)
        expect(both[key].narrow(0, v, 1).contiguous()).toEqualTensor(alone[key]);
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
