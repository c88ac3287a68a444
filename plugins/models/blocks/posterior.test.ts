import { expect, test } from "bun:test";
import { Tensor } from "../../../ffi";
import { Posterior } from "./posterior";

test("KL equals the closed form, and is 0 for the standard normal", () => {
  const posterior = Posterior.of(Tensor.from([0.7, 0, Math.log(0.25) + 5, 5], [1, 4]), -5);
  const [first, second] = posterior.kl().toArray() as unknown as [number, number];
  expect(first).toBeCloseTo(0.5 * (0.49 + 0.25 - Math.log(0.25) - 1), 6);
  expect(second).toBeCloseTo(0, 6);
});

test("a sample is mean + σ·noise, and an absurd variance stays finite", () => {
  expect(
    Posterior.of(Tensor.from([2, 0], [1, 2]), Math.log(4))
      .sample(Tensor.from([0.5], [1, 1]))
      .item(),
  ).toBeCloseTo(3, 6);
  expect(
    Number.isFinite(
      Posterior.of(Tensor.from([0, 1e9], [1, 2]), 0)
        .kl()
        .item(),
    ),
  ).toBe(true);
});
