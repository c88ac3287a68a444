import { describe, expect, test } from "bun:test";
import "../../test/matchers";
import { gradcheck } from "../../test/reference/gradcheck";
import { randomTensor } from "../../test/voxels";
import { autocast, grad, noGrad, setThreads, Tensor, threads } from "../index";
import { ssim } from "./index";

const weights = Array.from({ length: 11 }, (_, i) => Math.exp(-((i - 5) ** 2) / (2 * 1.5 ** 2)));
const total = weights.reduce((a, b) => a + b);

/** The definition: moments of an 11 × 11 window about every pixel, zeros outside. */
function plainSsim(x: ArrayLike<number>, y: ArrayLike<number>, width: number, height: number): number[] {
  return Array.from({ length: width * height }, (_, p) => {
    const moments = [0, 0, 0, 0, 0];
    for (let dy = -5; dy <= 5; ++dy)
      for (let dx = -5; dx <= 5; ++dx) {
        const [column, row] = [(p % width) + dx, Math.floor(p / width) + dy];
        if (column < 0 || row < 0 || column >= width || row >= height) continue;
        const w = (weights[dx + 5]! * weights[dy + 5]!) / total ** 2;
        const [a, b] = [x[row * width + column]!, y[row * width + column]!];
        for (const [i, value] of [a, b, a * a, b * b, a * b].entries()) moments[i]! += w * value;
      }
    const [mx, my, xx, yy, xy] = moments as [number, number, number, number, number];
    const [c1, c2] = [0.01 ** 2, 0.03 ** 2];
    return ((2 * mx * my + c1) * (2 * (xy - mx * my) + c2)) / ((mx * mx + my * my + c1) * (xx - mx * mx + yy - my * my + c2));
  });
}

const picture = (shape: readonly number[], seed: number) => randomTensor(shape, seed, "f64").add(1).div(2);

describe("ssim", () => {
  const x = picture([2, 2, 17, 23], 1);
  const y = x.add(randomTensor([2, 2, 17, 23], 2).mul(0.2)).clamp(0, 1);

  for (const dtype of ["f64", "f32"] as const)
    test(`is its definition (${dtype})`, () => {
      const map = ssim(x.to(dtype), y.to(dtype));
      const plane = 17 * 23;
      const expected = [0, 1, 2, 3].flatMap((i) =>
        plainSsim(x.toArray().subarray(i * plane, (i + 1) * plane), y.toArray().subarray(i * plane, (i + 1) * plane), 23, 17),
      );
      expect(map).toBeCloseToTensor(
        Tensor.from(Float64Array.from(expected), [2, 2, 17, 23]),
        dtype === "f64" ? { rtol: 1e-10, atol: 1e-12 } : { rtol: 0, atol: 1e-5 },
      );
      expect(map.mean().item()).toBeLessThan(0.97);
    });

  test("is 1 for a picture and itself", () => {
    expect(ssim(x, x).min().item()).toBeCloseTo(1, 12);
  });

  test("gradients to both pictures are finite differences", () => {
    gradcheck((a, b) => ssim(a, b), [picture([1, 1, 7, 6], 3), picture([1, 1, 7, 6], 4)], { rtol: 1e-5, atol: 1e-6 });
  });

  test("float32 gradients are double's", () => {
    const gradients = (dtype: "f32" | "f64") => {
      const [a, b] = [x.to(dtype).detach().requiresGrad_(), y.to(dtype).detach().requiresGrad_()];
      return grad(
        [
          ssim(a, b)
            .mul(randomTensor([2, 2, 17, 23], 5, "f64").to(dtype))
            .sum(),
        ],
        [a, b],
      ) as [Tensor, Tensor];
    };
    const exact = gradients("f64");
    for (const [i, found] of gradients("f32").entries()) expect(found).toBeCloseToTensor(exact[i]!, { rtol: 0, atol: 2e-5 });
  });

  test("is float32 under autocast, and the same bits at any number of threads", () => {
    expect(autocast("bf16", () => ssim(x.to("bf16"), y.to("bf16"))).dtype).toBe("f32");
    const before = threads();
    const run = (count: number) => {
      setThreads(count);
      return noGrad(() => ssim(x.to("f32"), y.to("f32")));
    };
    const [one, three] = [run(1), run(3)];
    setThreads(before);
    expect(three).toEqualTensor(one);
  });

  test("refuses pictures of different sizes", () => {
    expect(() => ssim(x, y.narrow(2, 0, 9))).toThrow("y must be like x");
    expect(() => ssim(x.select(0, 0), y.select(0, 0))).toThrow("x must be float32 [B, C, H, W]");
  });
});
