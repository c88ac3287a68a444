/**
 * The straight path of flow matching between data and noise, in the paper's and TRELLIS's convention: t = 0 is data, t = 1 is noise.
 *
 *   x_t = (1 − t) x₀ + (σ + (1 − σ) t) ε      target velocity v = dx_t/dt = (1 − σ) ε − x₀
 */
import type { Tensor } from "../../../ffi";

/** Noise left at t = 0, so that the path's end is a density. */
export const SIGMA_MIN = 1e-5;

export interface FlowPair {
  /** What the network sees. */
  xt: Tensor;
  /** What it must say. */
  target: Tensor;
}

/** @param t a number, or a tensor that broadcasts against `x0` (one time a scene: [N, 1]) */
export function pair(x0: Tensor, noise: Tensor, t: Tensor | number): FlowPair {
  return { xt: pointOnPath(x0, noise, t), target: noise.mul(1 - SIGMA_MIN).sub(x0) };
}

/** x_t of the path from `x0` to `noise`. */
export function pointOnPath(x0: Tensor, noise: Tensor, t: Tensor | number): Tensor {
  if (typeof t === "number") return x0.mul(1 - t).add(noise.mul(SIGMA_MIN + (1 - SIGMA_MIN) * t));
  return x0.mul(t.neg().add(1)).add(noise.mul(t.mul(1 - SIGMA_MIN).add(SIGMA_MIN)));
}
