import { describe, expect, test } from "bun:test";
import "../../test/matchers";
import { gradcheck } from "../../test/reference/gradcheck";
import { numbers, randomTensor } from "../../test/voxels";
import { grad, ops, Tensor } from "../index";
import { composite, encodeDirections, type MarchOptions, marchRays, OccupancyGrid, pixelRays } from "./index";

/** Samples of one ray by small steps of their own: every place where one may stand, kept where the cell is set. */
function marchByHand(
  origin: number[],
  direction: number[],
  set: (cell: number) => boolean,
  grid: OccupancyGrid,
  options: Required<Omit<MarchOptions, "jitter">>,
  jitter: number,
) {
  const { resolution: size, cascades, centre, edge_m, extent_m } = grid;
  const length = Math.hypot(...direction);
  const stepAt = (t: number) => Math.min(Math.max(t * options.cone, options.step_m), extent_m / size);
  const bounds = [options.near_m, options.far_m];
  for (const axis of [0, 1, 2]) {
    const walls = [-1, 1].map((sign) => ((centre[axis]! + (sign * extent_m) / 2 - origin[axis]!) * length) / direction[axis]!);
    bounds[0] = Math.max(bounds[0]!, Math.min(...walls));
    bounds[1] = Math.min(bounds[1]!, Math.max(...walls));
  }
  const found: { t: number; dt: number; unit: number[] }[] = [];
  for (let t = bounds[0]! + stepAt(bounds[0]!) * jitter; ; ) {
    const dt = stepAt(t);
    const middle = t + dt / 2;
    if (!(middle < bounds[1]!) || found.length === options.maxSamples) return found;
    const at = origin.map((o, axis) => o + (middle * direction[axis]!) / length - centre[axis]!);
    let cascade = 0;
    const reach = Math.max(...at.map(Math.abs));
    while (cascade + 1 < cascades && (reach >= (edge_m * 2 ** cascade) / 2 || (edge_m * 2 ** cascade) / size < dt)) cascade++;
    const [x, y, z] = at.map((a) => Math.min(size - 1, Math.max(0, Math.floor((a / (edge_m * 2 ** cascade) + 0.5) * size)))) as [
      number,
      number,
      number,
    ];
    if (set(cascade * size ** 3 + (z * size + y) * size + x)) found.push({ t: middle, dt, unit: at.map((a) => a / extent_m + 0.5) });
    t += dt;
  }
}

describe("marchRays", () => {
  for (const [name, cone, cascades, resolution] of [
    ["fixed steps", 0, 1, 8],
    ["fixed steps, three cascades", 0, 3, 12],
    ["growing steps", 0.05, 3, 8],
    ["fixed steps, mostly empty", 0, 1, 16],
    ["fixed steps, mostly empty, three cascades", 0, 3, 32],
    ["growing steps, mostly empty", 0.02, 2, 32],
  ] as const)
    test(`finds every sample that small steps find: ${name}`, () => {
      const grid = new OccupancyGrid({ resolution, cascades, centre: [0.4, -0.3, 0.2], edge_m: 2 });
      const next = numbers(1);
      // Blocks of cells are empty, or sparse; or all cells are sparse.
      const bits = Uint8Array.from({ length: grid.cells / 8 }, () => Math.floor(next() * 256) & Math.floor(next() * 256));
      const side = resolution / 8;
      const holds = Array.from({ length: cascades * side ** 3 }, () => next() < 0.3);
      if (name.includes("empty"))
        for (const [byte] of bits.entries()) {
          const [x, y, z] = [byte % side, Math.floor(byte / side) % resolution, Math.floor(byte / side / resolution)];
          if (!holds[(Math.floor(z / 8) * side + Math.floor(y / 8)) * side + x]) bits[byte] = 0;
        }
      grid.bits.copy_(Tensor.from(bits));
      const [origins, directions] = [randomTensor([200, 3], 2, "f32").mul(cascades === 1 ? 1.5 : 5), randomTensor([200, 3], 3, "f32")];
      const jitter = randomTensor([200], 4, "f32").abs();
      const options = { step_m: 0.05, cone, near_m: 0.3, far_m: 9, maxSamples: 60 };
      const found = marchRays({ origins, directions }, grid, { ...options, jitter });
      const [starts, t, dt, p, rays] = [found.starts, found.distances, found.lengths, found.positions, found.rays].map((x) => x.toArray());
      let [total, full] = [0, 0];
      for (let r = 0; r < 200; ++r) {
        const expected = marchByHand(
          [...origins.select(0, r).toArray()],
          [...directions.select(0, r).toArray()],
          (cell) => ((bits[cell >> 3]! >> (cell & 7)) & 1) === 1,
          grid,
          options,
          jitter.toArray()[r]!,
        );
        expect(starts![r + 1]! - starts![r]!).toBe(expected.length);
        for (const [i, sample] of expected.entries()) {
          const at = starts![r]! + i;
          expect([t![at]!, dt![at]!]).toEqual([Math.fround(sample.t), Math.fround(sample.dt)].map((v) => expect.closeTo(v, 5)));
          for (const axis of [0, 1, 2]) expect(p![3 * at + axis]!).toBeCloseTo(sample.unit[axis]!, 5);
          expect(rays![at]).toBe(r);
        }
        total += expected.length;
        full += Number(expected.length === options.maxSamples);
      }
      expect(total).toBeGreaterThan(name.includes("empty") ? 50 : 300);
      if (resolution === 12) expect(full).toBeGreaterThan(0);
      grid.dispose();
    });

  test("an empty grid, no rays, and rays that are not finite, of length 0 or past the cube have no samples", () => {
    const grid = new OccupancyGrid({ resolution: 4, edge_m: 2 });
    const rays = (o: number[], d: number[]) =>
      marchRays({ origins: Tensor.from(o, [1, 3]), directions: Tensor.from(d, [1, 3]) }, grid, { step_m: 0.1 });
    expect(rays([-3, 0, 0], [2, 0, 0]).distances.toArray().length).toBe(20);
    for (const [o, d] of [
      [
        [Number.NaN, 0, 0],
        [1, 0, 0],
      ],
      [
        [0, 0, 0],
        [0, 0, 0],
      ],
      [
        [0, 0, 0],
        [Number.POSITIVE_INFINITY, 0, 0],
      ],
      [
        [-3, 1.5, 0],
        [1, 0, 0],
      ],
      [
        [-3, 0, 0],
        [-1, 0, 0],
      ],
      [
        [1e30, 0, 0],
        [-1, 0, 0],
      ],
    ] as const)
      expect(rays([...o], [...d]).starts.toArray()).toEqual(Float64Array.of(0, 0));
    expect(marchRays({ origins: Tensor.zeros([0, 3]), directions: Tensor.zeros([0, 3]) }, grid, { step_m: 0.1 }).starts.toArray()).toEqual(
      Float64Array.of(0),
    );
    grid.bits.copy_(Tensor.zeros([8], { dtype: "u8" }));
    expect(rays([-3, 0, 0], [1, 0, 0]).positions.shape).toEqual([0, 3]);
    grid.dispose();
  });

  test("says which argument is wrong", () => {
    const grid = new OccupancyGrid({ resolution: 4, edge_m: 2 });
    const rays = { origins: Tensor.zeros([2, 3]), directions: Tensor.ones([2, 3]) };
    expect(() => marchRays({ ...rays, directions: Tensor.ones([3, 3]) }, grid, { step_m: 0.1 })).toThrow("directions must be like origins");
    expect(() => marchRays(rays, grid, { step_m: 0 })).toThrow("step must be positive, got 0");
    expect(() => marchRays(rays, grid, { step_m: 1e-7 })).toThrow("step 1e-07 is too short");
    expect(() => marchRays(rays, grid, { step_m: 0.1, near_m: 5, far_m: 2 })).toThrow("need 0 <= near < far");
    expect(() => marchRays(rays, grid, { step_m: 0.1, jitter: Tensor.zeros([3]) })).toThrow("jitter must be float32 [2]");
    expect(() => new OccupancyGrid({ resolution: 3, edge_m: 1 })).toThrow("1 cascades of 3 cells an axis");
    grid.dispose();
  });
});

describe("composite", () => {
  const packed = (counts: readonly number[], dtype: "f32" | "f64" = "f32") => {
    const starts = [0];
    for (const count of counts) starts.push(starts.at(-1)! + count);
    const total = starts.at(-1)!;
    const positive = (seed: number, scale: number) => randomTensor([total], seed, dtype).add(1.05).mul(scale);
    const samples = { lengths: positive(2, 0.2), distances: positive(3, 5), starts: Tensor.from(starts, [starts.length], { dtype: "i64" }) };
    return { samples, densities: positive(4, 1), colors: randomTensor([total, 3], 5, dtype) };
  };

  test("fog of one density dims as e^(−density · length), whatever the steps", () => {
    const lengths = Tensor.from([0.3, 0.2, 0.5, 0.75, 0.25], [5]);
    const samples = { lengths, distances: Tensor.from([0.15, 0.4, 0.75, 1.375, 1.875]), starts: Tensor.from([0, 5, 5], [3], { dtype: "i64" }) };
    const { color, opacity, depth, weights } = composite(samples, Tensor.full([5], 1.7), Tensor.from([1, 2, 3], [1, 3]).expand([5, 3]));
    const through = 1 - Math.exp(-1.7 * 2);
    expect(opacity).toBeCloseToTensor([through, 0], { rtol: 1e-6 });
    expect(color).toBeCloseToTensor(
      [1, 2, 3, 0, 0, 0].map((c) => c * through),
      { rtol: 1e-6 },
    );
    const w = weights.toArray();
    expect(w[1]).toBeCloseTo(Math.exp(-1.7 * 0.3) - Math.exp(-1.7 * 0.5), 6);
    expect(depth.toArray()[0]).toBeCloseTo(weights.mul(samples.distances).sum().item(), 5);
  });

  test("thin fog keeps its digits", () => {
    const samples = { lengths: Tensor.ones([1]), distances: Tensor.ones([1]), starts: Tensor.from([0, 1], [2], { dtype: "i64" }) };
    expect(composite(samples, Tensor.full([1], 1e-9), Tensor.ones([1, 1])).opacity.item()).toBeCloseTo(1e-9, 15);
  });

  test("light ends where less is left than asked: what is behind has neither weight nor gradient", () => {
    const densities = Tensor.from([2, 5, 3, 1]).requiresGrad_();
    const colors = randomTensor([4, 3], 6, "f32").requiresGrad_();
    const samples = { lengths: Tensor.ones([4]), distances: Tensor.arange(4).to("f32"), starts: Tensor.from([0, 4], [2], { dtype: "i64" }) };
    const out = composite(samples, densities, colors, { leastLight: 0.01 });
    expect(out.weights).toBeCloseToTensor([1 - Math.exp(-2), Math.exp(-2) - Math.exp(-7), 0, 0], { rtol: 1e-5 });
    const [of_density, of_color] = grad([out.color.sum().add(out.opacity.sum())], [densities, colors]) as Tensor[];
    expect([...of_density!.toArray()].slice(2)).toEqual([0, 0]);
    expect([...of_color!.toArray()].slice(6)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(of_density!.toArray()[1]).not.toBe(0);
  });

  for (const output of ["color", "opacity", "depth", "weights"] as const)
    test(`the gradient of ${output} is its finite difference, in double`, () => {
      const { samples, densities, colors } = packed([3, 0, 1, 5], "f64");
      gradcheck((d, c) => composite(samples, d, c)[output], [densities, colors]);
    });

  test("f32 is what double says, forward and backward", () => {
    const counts = [0, 1, 200, 0, 64, 500, 3];
    const all = (dtype: "f32" | "f64") => {
      const { samples, densities, colors } = packed(counts, dtype);
      const leaves = [densities, colors].map((t) => t.detach().clone().requiresGrad_());
      const out = composite(samples, leaves[0]!, leaves[1]!, { leastLight: 0 });
      const loss = out.color.pow(2).sum().add(out.depth.sum()).add(out.weights.pow(2).sum());
      return [out.color, out.opacity, out.depth, out.weights, ...(grad([loss], leaves) as Tensor[])];
    };
    const plain = all("f64");
    for (const [i, tensor] of all("f32").entries()) expect(tensor).toBeCloseToTensor(plain[i]!, { rtol: 1e-4, atol: 2e-5 });
  });

  test("a NaN stays in its ray", () => {
    const { samples, densities, colors } = packed([4, 4]);
    densities.narrow(0, 1, 1).copy_(Tensor.from([Number.NaN]));
    expect(ops.aten.isnan(composite(samples, densities, colors).opacity).toArray()).toEqual(Uint8Array.of(1, 0));
  });

  test("says which argument is wrong", () => {
    const { samples, densities, colors } = packed([2, 3]);
    const starts = (...values: number[]) => ({ ...samples, starts: Tensor.from(values, [values.length], { dtype: "i64" }) });
    expect(() => composite(starts(0, 2), densities, colors)).toThrow("starts must go from 0 to 5, got 0 to 2");
    expect(() => composite(starts(0, 4, 2, 5), densities, colors)).toThrow("starts must not fall, got 4 before 2 at ray 1");
    expect(() => composite(samples, densities, colors.narrow(0, 0, 4))).toThrow("colors must be Float [5, C]");
    expect(() => composite({ ...samples, lengths: samples.lengths.to("f64") }, densities, colors)).toThrow("lengths must be Float [5]");
    expect(() => composite(samples, densities, colors, { leastLight: 1 })).toThrow("least_light must lie in [0, 1), got 1");
  });
});

describe("encodeDirections", () => {
  /** Points of a product rule that is exact for polynomials of degree 6: 4 Gauss points along z, 8 around. */
  function sphere(): { directions: Tensor; weights: Float64Array } {
    const nodes = [-0.8611363115940526, -0.3399810435848563, 0.3399810435848563, 0.8611363115940526];
    const shares = [0.3478548451374538, 0.6521451548625461, 0.6521451548625461, 0.3478548451374538];
    const rows = nodes.flatMap((z, i) =>
      Array.from({ length: 8 }, (_, k) => {
        const angle = ((k + 0.3) * Math.PI) / 4;
        return [Math.sqrt(1 - z * z) * Math.cos(angle), Math.sqrt(1 - z * z) * Math.sin(angle), z, (shares[i]! * Math.PI) / 4];
      }),
    );
    return {
      directions: Tensor.from(Float64Array.from(rows.flatMap((r) => r.slice(0, 3))), [32, 3]),
      weights: Float64Array.from(rows, (r) => r[3]!),
    };
  }

  test("are orthonormal on the sphere", () => {
    const { directions, weights } = sphere();
    const basis = encodeDirections(directions);
    const products = basis.transpose(0, 1).matmul(basis.mul(Tensor.from(weights, [32, 1])));
    expect(products).toBeCloseToTensor(
      Float64Array.from({ length: 256 }, (_, i) => Number(i % 17 === 0)),
      { atol: 1e-12 },
    );
  });

  test("are the functions of Legendre's polynomials, with the sign of Condon and Shortley", () => {
    const directions = sphere().directions;
    const d = directions.toArray();
    const legendre = [
      [(_: number) => 1],
      [(z: number) => z, (_: number, s: number) => -s],
      [(z: number) => (3 * z * z - 1) / 2, (z: number, s: number) => -3 * z * s, (_: number, s: number) => 3 * s * s],
      [
        (z: number) => (5 * z ** 3 - 3 * z) / 2,
        (z: number, s: number) => -1.5 * (5 * z * z - 1) * s,
        (z: number, s: number) => 15 * z * s * s,
        (_: number, s: number) => -15 * s ** 3,
      ],
    ];
    const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
    const expected = Array.from({ length: 32 }, (_, i) => {
      const [x, y, z] = [d[3 * i]!, d[3 * i + 1]!, d[3 * i + 2]!];
      const [azimuth, s] = [Math.atan2(y, x), Math.hypot(x, y)];
      return legendre.flatMap((of, l) =>
        Array.from({ length: 2 * l + 1 }, (_, k) => {
          const m = k - l;
          const order = Math.abs(m);
          const norm = Math.sqrt((((2 * l + 1) / (4 * Math.PI)) * factorial(l - order)) / factorial(l + order));
          const around = m === 0 ? 1 : Math.SQRT2 * (m > 0 ? Math.cos(m * azimuth) : Math.sin(order * azimuth));
          return norm * of[order]!(z, s) * around;
        }),
      );
    });
    expect(encodeDirections(directions)).toBeCloseToTensor(expected.flat(), { atol: 1e-12 });
  });

  test("have the sign and order of splats' colours, and fewer degrees are the first ones", () => {
    const [means, sh] = [randomTensor([50, 3], 1, "f64"), randomTensor([50, 4, 3], 2, "f64")];
    const viewmat = Tensor.from(Float64Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1), [1, 4, 4]); // a camera at the origin
    const basis = encodeDirections(means.div(means.pow(2).sum(1, true).sqrt()), 2);
    const expected = basis.unsqueeze(2).mul(sh).sum(1).add(0.5).clamp(0);
    expect(ops.earthcraft.splatSh(means, sh, viewmat).select(0, 0)).toBeCloseToTensor(expected, { atol: 1e-12 });
    expect(encodeDirections(means, 4).narrow(1, 0, 9).contiguous()).toEqualTensor(encodeDirections(means, 3).contiguous());
  });

  test("gradients are finite differences, in double; f32 agrees", () => {
    const directions = randomTensor([5, 3], 3, "f64");
    gradcheck((d) => encodeDirections(d), [directions]);
    expect(encodeDirections(directions.to("f32"))).toBeCloseToTensor(encodeDirections(directions), { atol: 2e-6 });
    expect(() => encodeDirections(directions, 5)).toThrow("degrees must lie in [1, 4], got 5");
    expect(() => encodeDirections(directions.narrow(1, 0, 2))).toThrow("directions must be float32 [N, 3]");
  });
});

describe("pixelRays", () => {
  test("go through what pinhole cameras see at the pixels' centres", () => {
    // A camera at (1, 2, 3) that looks along −x, z up in its picture: its right is +y.
    const c2w = [0, 0, 1, 1, 1, 0, 0, 2, 0, 1, 0, 3, 0, 0, 0, 1];
    const { origins, directions } = pixelRays([{ c2w, intrinsics: [50, 40, 30, 20] }], [0, 29, 19, 0, 80, 59]);
    expect([...origins.toArray()]).toEqual([1, 2, 3, 1, 2, 3]);
    const d = directions.toArray();
    expect(d[1]! / d[0]!).toBeCloseTo(0.5 / 50, 6); // half a pixel left of the middle: −y, where −x is ahead
    expect(d[2]! / -d[0]!).toBeCloseTo(0.5 / 40, 6); // half a pixel above: +z
    expect(d[4]! / -d[3]!).toBeCloseTo(50.5 / 50, 6);
    expect(d[5]! / -d[3]!).toBeCloseTo(-39.5 / 40, 6);
    expect(Math.hypot(d[3]!, d[4]!, d[5]!)).toBeCloseTo(1, 6);
    expect(() => pixelRays([{ c2w, intrinsics: [1, 1, 0, 0] }], [1, 0, 0])).toThrow("pixel 0 is of camera 1, of 1");
    expect(() => pixelRays([], [1, 0])).toThrow("2 numbers are not (camera, column, row) three by three");
  });
});
