import { describe, expect, test } from "bun:test";
import { normal, scope } from "../../../ffi";
import { peer, runPeer } from "../../../test/peers/python";
import { bootstrap, type CropValues, differences } from "./statistics";

const options = { seed: 5, resamples: 10_000 };
const at = (site: string, values: readonly number[]): CropValues[] => values.map((value, i) => ({ site, crop: `${site}.${i}`, values: [value] }));
const gaussian = (count: number, index: number, mean: number, sigma: number) =>
  Array.from(
    scope(() => normal([count], { seed: 11, purpose: "test", index }).toArray()),
    (z) => mean + sigma * z,
  );
const meanOf = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length;
const varianceOf = (values: readonly number[]) => meanOf(values.map((value) => (value - meanOf(values)) ** 2));

describe("bootstrap", () => {
  test("of normal data is the closed form: mean ± 1.96 σ / √n, to the noise of 10,000 resamples", () => {
    const values = gaussian(400, 0, 3, 2);
    const { mean, low, high, crops } = bootstrap(at("a", values), options);
    const half = 1.959964 * Math.sqrt(varianceOf(values) / values.length);
    expect(crops).toBe(400);
    expect(mean).toBeCloseTo(meanOf(values), 12);
    expect(Math.abs(low - (mean - half))).toBeLessThan(0.05 * half);
    expect(Math.abs(high - (mean + half))).toBeLessThan(0.05 * half);
  });

  test("draws crops within their site: what differs between sites widens nothing, and the larger site weighs more", () => {
    const [a, b] = [gaussian(60, 1, 0, 1), gaussian(20, 2, 50, 3)];
    const { mean, low, high, sites } = bootstrap([...at("a", a), ...at("b", b)], options);
    expect(mean).toBeCloseTo((60 * meanOf(a) + 20 * meanOf(b)) / 80, 10);
    expect(sites.a).toBeCloseTo(meanOf(a), 10);
    expect(sites.b).toBeCloseTo(meanOf(b), 10);
    const half = (1.959964 * Math.sqrt(60 * varianceOf(a) + 20 * varianceOf(b))) / 80;
    expect(Math.abs(low - (mean - half))).toBeLessThan(0.08 * half);
    expect(Math.abs(high - (mean + half))).toBeLessThan(0.08 * half);
  });

  test("a crop's seeds are one crop: repeating them sharpens nothing", () => {
    const values = gaussian(12, 3, 0, 1);
    const once = bootstrap(at("a", values), options);
    const thrice = bootstrap(
      at("a", values).map((one) => ({ ...one, values: [one.values[0]! - 0.5, Number.NaN, one.values[0]! + 0.5] })),
      options,
    );
    expect(thrice.low).toBeCloseTo(once.low, 10);
    expect(thrice.high).toBeCloseTo(once.high, 10);
  });

  test("the order of the crops does not matter, the seed does, and one crop a site has no interval", () => {
    const crops = at("a", gaussian(9, 4, 0, 1));
    expect(bootstrap(crops.toReversed(), options)).toEqual(bootstrap(crops, options));
    expect(bootstrap(crops, { ...options, seed: 6 }).low).not.toBe(bootstrap(crops, options).low);
    const alone = bootstrap([...at("a", [1]), ...at("b", [4])], options);
    expect([alone.mean, alone.low, alone.high]).toEqual([2.5, Number.NaN, Number.NaN]);
    expect(bootstrap([], options)).toMatchObject({ mean: Number.NaN, crops: 0 });
  });

  // Both are percentile intervals of a stratified bootstrap; they differ by the noise of 10,000 resamples.
  peer("agrees with scipy.stats.bootstrap on two sites of skewed data", () => {
    const skewed = (index: number, count: number) => gaussian(count, index, 0, 1).map((z) => Math.exp(z));
    const [a, b] = [skewed(5, 14), skewed(6, 9)];
    const { low, high } = bootstrap([...at("a", a), ...at("b", b)], options);
    const theirs = runPeer<{ low: number; high: number; standard_error: number }>("bootstrap.py", [], { strata: [a, b], resamples: 10_000 });
    expect(Math.abs(low - theirs.low)).toBeLessThan(0.08 * theirs.standard_error);
    expect(Math.abs(high - theirs.high)).toBeLessThan(0.08 * theirs.standard_error);
  });
});

describe("differences", () => {
  test("are taken seed by seed, a single number stands for every seed, and crops of one side only are left out", () => {
    const of = [
      { site: "a", crop: "a.0", values: [0.5, 0.7] },
      { site: "b", crop: "b.0", values: [0.1, 0.2] },
      { site: "b", crop: "b.9", values: [9, 9] },
    ];
    const over = [
      { site: "a", crop: "a.0", values: [0.25] },
      { site: "b", crop: "b.0", values: [0.2, 0.5] },
    ];
    const found = differences(of, over);
    expect(found.map(({ crop }) => crop)).toEqual(["a.0", "b.0"]);
    expect(found[0]!.values[1]).toBeCloseTo(0.45, 12);
    expect(found[1]!.values[1]).toBeCloseTo(-0.3, 12);
    expect(() => differences([{ site: "a", crop: "a.0", values: [1, 2, 3] }], [{ site: "a", crop: "a.0", values: [1, 2] }])).toThrow("3 and 2 seeds");
  });
});
