import { describe, expect, test } from "bun:test";
import "../../test/matchers";
import { gradcheck } from "../../test/reference/gradcheck";
import { randomTensor } from "../../test/voxels";
import { Tensor } from "../index";
import { sampleBilinear } from "./index";

describe("sampleBilinear", () => {
  /** value = 3 x − 2 y + 7 at the centres (x, y) of a 5 × 4 picture */
  const ramp = Tensor.from(
    Float32Array.from({ length: 20 }, (_, p) => 3 * ((p % 5) + 0.5) - 2 * (Math.floor(p / 5) + 0.5) + 7),
    [1, 1, 4, 5],
  );

  test("a ramp is read exactly, x along columns and y along rows", () => {
    const points = Tensor.from([0.5, 0.5, 4.25, 0.75, 1.125, 3.5, 2.5, 2], [1, 4, 2]);
    expect(sampleBilinear(ramp, points)).toBeCloseToTensor(Tensor.from([7.5, 18.25, 3.375, 10.5], [1, 4, 1]), { rtol: 1e-6 });
  });

  test("beyond the border the border goes on", () => {
    expect(sampleBilinear(ramp, Tensor.from([-3, 0.5, 9, 9], [1, 2, 2]))).toBeCloseToTensor(Tensor.from([7.5, 13.5], [1, 2, 1]), { rtol: 1e-6 });
  });

  test("gradients to picture and points are finite differences", () => {
    const points = randomTensor([2, 3, 2], 1).mul(1.3).add(2.7);
    gradcheck((image, at) => sampleBilinear(image, at), [randomTensor([2, 2, 5, 6], 2), points]);
  });

  test("refuses points of another batch", () => {
    expect(() => sampleBilinear(ramp, Tensor.zeros([2, 3, 2]))).toThrow("points [2, 3, 2] [B, P, 2]");
  });
});
