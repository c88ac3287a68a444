import { describe, expect, test } from "bun:test";
import { Tensor } from "../../../ffi";
import { activate, hammersleyStart, opaqueSplats, SPLAT_NUMBERS, splatColours } from "./gaussian-head";
import { renderViews } from "./render";

const coords = Tensor.from(Int32Array.of(0, 3, 4, 5), [1, 4]);

describe("activate", () => {
  test("zeros are splats of 0.256 voxels, a tenth opaque, unturned, grey, spread within their voxel", () => {
    const { means, scales, opacities, quats, sh } = activate(Tensor.zeros([1, 16 * SPLAT_NUMBERS]), coords);
    for (const scale of scales.toArray()) expect(scale).toBeCloseTo(Math.hypot(0.256, 0.058), 5);
    for (const opacity of opacities.toArray()) expect(opacity).toBeCloseTo(0.1, 6);
    expect(Array.from(quats.toArray().slice(0, 4))).toEqual([1, 0, 0, 0]);
    expect(sh.abs().max().item()).toBe(0);
    const centres = Array.from(means.toArray());
    expect(
      new Set(
        Array.from({ length: 16 }, (_, k) =>
          centres
            .slice(3 * k, 3 * k + 3)
            .map((v) => v.toFixed(4))
            .join(),
        ),
      ).size,
    ).toBe(16);
    for (const [i, value] of centres.entries()) expect(Math.abs(value - ([3, 4, 5][i % 3]! + 0.5))).toBeLessThanOrEqual(0.5 + 1e-5);
  });

  test("the layout is by attribute, and each number does what it is for", () => {
    const raw = new Float32Array(2 * SPLAT_NUMBERS);
    raw[3] = 100; // offset x of the second splat
    raw[6] = 2; // scale 0 of the first
    raw[12 + 1] = 50; // opacity of the second
    raw[14 + 3] = 10; // rotation z of the first
    raw[22 + 12 + 2] = 7; // SH 0, blue, of the second
    const { means, scales, opacities, quats, sh } = activate(Tensor.from(raw, [1, 46]), coords);
    expect(means.toArray()[3]).toBeCloseTo(3.5 + 0.75, 5);
    expect(scales.toArray()[0]!).toBeCloseTo(Math.hypot(Math.log1p(Math.exp(2 + Math.log(Math.expm1(0.256)))), 0.058), 4);
    expect(opacities.toArray()[1]).toBeCloseTo(1, 6);
    expect(Array.from(quats.toArray().slice(0, 4), (v) => v.toFixed(4))).toEqual(["0.7071", "0.0000", "0.0000", "0.7071"]);
    expect(sh.toArray()[12 + 2]).toBe(7);
  });

  test("no splat leaves three quarters of a voxel's reach", () => {
    const { means } = activate(Tensor.full([1, 23], -1e4), coords);
    expect(means.toArray()[0]).toBeCloseTo(3.5 - 0.75, 5);
  });

  test("a width that is no whole number of splats is refused", () => {
    expect(() => activate(Tensor.zeros([1, 24]), coords)).toThrow("24 numbers");
  });
});

test("the Hammersley start has no two points alike and stays finite", () => {
  expect(hammersleyStart(16).every(Number.isFinite)).toBe(true);
});

test("an opaque voxel is seen in its colour where the camera looks at it, and its base colour is that colour", () => {
  const rgb = Float32Array.of(0.8, 0.2, 0.4);
  const splats = opaqueSplats(coords, rgb);
  // From 10 voxels above its centre, straight down; one pixel covers 0.1 voxels.
  const camera = { c2w: [1, 0, 0, 3.5, 0, 1, 0, 4.5, 0, 0, 1, 15.5, 0, 0, 0, 1], intrinsics: [100, 100, 8, 8] as const };
  const { color, depth } = renderViews(splats, [camera], 16, 16);
  const centre = [0, 1, 2].map((c) => color.select(0, 0).select(0, c).select(0, 8).select(0, 8).item());
  for (const [c, value] of centre.entries()) expect(value).toBeCloseTo(rgb[c]!, 1);
  expect(depth.select(0, 0).select(0, 8).select(0, 8).item()).toBeCloseTo(10, 0);
  for (const [c, value] of splatColours(splats, 1).entries()) expect(value).toBeCloseTo(rgb[c]!, 5);
});
