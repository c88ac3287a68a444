import { expect, test } from "bun:test";
import { Tensor } from "../../../ffi";
import { l1, psnr, ssim } from "./images";

const picture = (value: (i: number) => number) =>
  Tensor.from(
    Float32Array.from({ length: 3 * 16 * 16 }, (_, i) => value(i)),
    [1, 3, 16, 16],
  );
const a = picture((i) => (i % 7) / 7);

test("a difference of 0.1 is 20 dB and an L1 of 0.1", () => {
  const b = a.add(0.1);
  expect(psnr(a, b)).toBeCloseTo(20, 3);
  expect(l1(a, b).item()).toBeCloseTo(0.1, 6);
  expect(psnr(a, a)).toBe(Number.POSITIVE_INFINITY);
});

test("what the mask leaves out does not count", () => {
  const mask = Tensor.from(
    Float32Array.from({ length: 256 }, (_, i) => (i % 16 < 4 ? 1 : 0)),
    [1, 16, 16],
  );
  const half = picture((i) => (i % 16 < 4 ? 0.1 : 5));
  expect(l1(a, a.add(half), mask).item()).toBeCloseTo(0.1, 6);
  expect(psnr(a, a.add(half), mask)).toBeCloseTo(20, 3);
});

test("SSIM of a picture with itself is 1 and of noise far less", () => {
  expect(ssim(a, a).item()).toBeCloseTo(1, 5);
  expect(
    ssim(
      a,
      picture((i) => ((i * 7919) % 13) / 13),
    ).item(),
  ).toBeLessThan(0.5);
});
