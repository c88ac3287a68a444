/**
 * From noise to data: Euler steps along the velocity, with classifier-free guidance and, where part of the answer is known, inpainting.
 *
 * Inpainting needs no training (paper, "Infinite Scene Generation": mask-based): before every step the known rows are put back on their own path, x_t = (1 − t) x₀ + (σ + (1 − σ) t) ε with one
 * fixed ε, and they end as exactly x₀.
 */
import { noGrad, scope, type Tensor } from "../../../ffi";
import type { Settled } from "./inpainting";
import { pointOnPath } from "./pair";
import { samplingTimes } from "./time";

/**
 * How guidance is counted. The same picture has two numbers in the literature:
 * `one-plus-w`: v = (1 + w)·cond − w·uncond (TRELLIS, XCube, the paper); w = 0 is the plain conditional model.
 * `scale`: v = w·cond + (1 − w)·uncond (diffusers); w = 1 is the plain conditional model. `one-plus-w` 3 equals `scale` 4.
 */
export type GuidanceConvention = "one-plus-w" | "scale";

export interface Guidance {
  w: number;
  convention: GuidanceConvention;
}

/** The network: velocity at `x` and time `t` in [0, 1], under the condition or under the empty one. */
export type Velocity = (x: Tensor, t: number, branch: "cond" | "uncond") => Tensor;

export interface Known extends Settled {
  /** The fixed ε of the known part. */
  noise: Tensor;
}

export interface IntegrateOptions {
  steps: number;
  shift: number;
  cfg: Guidance;
  /** Standard deviation of the noise to start from: 1 is what was trained, less gives likelier and less varied results. */
  temperature?: number;
  known?: Known;
  /** Called after every step; throw to stop. */
  onStep?: (done: number, total: number) => void;
}

/** Weight of the conditional branch; the other branch has one minus this. */
export function conditionalWeight({ w, convention }: Guidance): number {
  return convention === "one-plus-w" ? 1 + w : w;
}

/**
 * @param noise of standard deviation 1, any shape
 * @returns data at t = 0 of the same shape
 */
export function integrate(velocity: Velocity, noise: Tensor, options: IntegrateOptions): Tensor {
  const times = samplingTimes(options.steps, options.shift);
  const weight = conditionalWeight(options.cfg);
  return noGrad(() =>
    scope(() => {
      const cooled = (epsilon: Tensor) =>
        options.temperature === undefined || options.temperature === 1 ? epsilon : epsilon.mul(options.temperature);
      const x1 = cooled(noise);
      const known = options.known && { ...options.known, noise: cooled(options.known.noise) };
      let x = known ? putBack(x1, known, times[0]!) : x1;
      for (let i = 0; i < options.steps; i++) {
        const [t, next] = [times[i]!, times[i + 1]!];
        const previous = x;
        x = scope(() => {
          const moved = previous.sub(guided(velocity, previous, t, weight).mul(t - next));
          return known ? putBack(moved, known, next) : moved;
        });
        if (previous !== x1) previous.dispose();
        options.onStep?.(i + 1, options.steps);
      }
      return x;
    }),
  );
}

function guided(velocity: Velocity, x: Tensor, t: number, weight: number): Tensor {
  const cond = velocity(x, t, "cond");
  if (weight === 1) return cond;
  return cond.mul(weight).add(velocity(x, t, "uncond").mul(1 - weight));
}

/** The known rows on their path at time t; exactly x₀ at t = 0, where σ would leave a trace of noise. */
function putBack(x: Tensor, { mask, x0, noise }: Known, t: number): Tensor {
  const onPath = t === 0 ? x0 : pointOnPath(x0, noise, t);
  return x.mul(mask.neg().add(1)).add(onPath.mul(mask));
}
