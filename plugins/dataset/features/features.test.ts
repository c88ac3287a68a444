import { describe, expect, test } from "bun:test";
import "../../../test/matchers";
import { Tensor } from "../../../ffi";
import { peer, runPeer } from "../../../test/peers/python";
import { dct } from "./dct";
import { imageFeatures, mirrorChannels, VOXEL_CHANNELS } from "./extractor";
import { extractorOf } from "./extractors";

/** A picture without symmetry, [H][W][3] in 0…1. */
function picture(height: number, width: number): number[][][] {
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => [0.5 + 0.5 * Math.sin(0.3 * x + 0.11 * y * y), (x / width) ** 2, ((7 * x + 13 * y) % 23) / 23]),
  );
}
const tensorOf = (rgb: number[][][]) =>
  Tensor.from(Float32Array.from(rgb.flat(2)), [1, rgb.length, rgb[0]!.length, 3])
    .permute([0, 3, 1, 2])
    .contiguous();
const channel = (features: Tensor, c: number) => features.select(0, 0).select(0, c).contiguous();

describe("dct", () => {
  peer("equals the FFT of patches and their mirror images", () => {
    const rgb = picture(24, 40);
    const expected = runPeer<number[][][]>("dct.py", [], { rgb });
    expect(dct.encode(tensorOf(rgb)).select(0, 0).contiguous()).toBeCloseToTensor(Float32Array.from(expected.flat(2)), { atol: 2e-6, rtol: 1e-5 });
  });

  test("a plain patch has its mean in [−1, 1] and nothing else", () => {
    const white = dct.encode(Tensor.ones([1, 3, 8, 8])).toArray();
    expect(white[0]).toBeCloseTo(1, 5);
    for (const value of Array.from(white).slice(1)) expect(value).toBeCloseTo(0, 5);
  });

  test("an unknown extractor is refused by name", () => {
    expect(extractorOf(dct.id)).toBe(dct);
    expect(() => extractorOf("flux-vae")).toThrow('"flux-vae"');
  });
});

describe("imageFeatures", () => {
  const rgb = picture(45, 70); // divides by neither 8, 16 nor 32
  const features = imageFeatures(dct, tensorOf(rgb));
  const at = (c: number, y: number, x: number) => features.select(1, c).select(1, y).select(1, x).item();

  test("scales 1, 1/2 and 1/4 come back to the picture's size by nearest neighbour", () => {
    expect(features.shape).toEqual([1, VOXEL_CHANNELS - 3, 45, 70]);
    for (const [level, size] of [8, 16, 32].entries()) {
      const mean = channel(features, 16 * level);
      const rows = mean.toArray();
      // One value a patch, and it is the patch's mean brightness (this patch lies wholly inside the picture).
      for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) expect(rows[y * 70 + x]).toBe(rows[0]!);
      expect(rows[size]).not.toBe(rows[0]!);
      let sum = 0;
      for (let y = 0; y < size; y++)
        for (let x = 0; x < size; x++) sum += 0.299 * rgb[y]![x]![0]! + 0.587 * rgb[y]![x]![1]! + 0.114 * rgb[y]![x]![2]!;
      expect(rows[0]!).toBeCloseTo((2 * sum) / size ** 2 - 1, 4);
    }
  });

  test("the cross is the pixel, then left, right, above and below, the border repeated", () => {
    for (const [y, x] of [
      [10, 20],
      [0, 0],
      [44, 69],
    ] as const)
      for (const [k, [dy, dx]] of (
        [
          [0, 0],
          [0, -1],
          [0, 1],
          [-1, 0],
          [1, 0],
        ] as const
      ).entries())
        for (let c = 0; c < 3; c++) {
          const source = rgb[Math.min(44, Math.max(0, y + dy))]![Math.min(69, Math.max(0, x + dx))]![c]!;
          expect(at(48 + 3 * k + c, y, x)).toBeCloseTo(2 * source - 1, 5);
        }
  });

  test("mirrorChannels gives the features of the mirrored picture", () => {
    const even = picture(32, 64);
    const straight = imageFeatures(dct, tensorOf(even)).toArray();
    const mirrored = imageFeatures(dct, tensorOf(even.map((row) => row.toReversed()))).toArray();
    const { source, sign } = mirrorChannels(dct, "x");
    const pixel = (c: number, y: number, x: number) => (c * 32 + y) * 64 + x;
    for (let c = 0; c < VOXEL_CHANNELS - 3; c++)
      for (const [y, x] of [
        [0, 0],
        [5, 17],
        [31, 40],
        [16, 63],
      ] as const)
        expect(mirrored[pixel(c, y, 63 - x)]).toBeCloseTo(sign[c]! * straight[pixel(source[c]!, y, x)]!, 5);
    expect([63, 64, 65].map((c) => [source[c], sign[c]])).toEqual([
      [63, -1],
      [64, 1],
      [65, 1],
    ]);
    expect(mirrorChannels(dct, "y").sign.slice(63)).toEqual([1, -1, 1]);
  });
});
