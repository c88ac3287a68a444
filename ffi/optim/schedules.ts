/** Learning rates by step. A schedule is a function of the step alone, so that resuming needs no state. */

/** @param step counts from 0 @returns the factor on the base rate */
export type Schedule = (step: number) => number;

/** Rises linearly over `steps`, then `after` goes on from its own step 0. */
export function warmup(steps: number, after: Schedule): Schedule {
  return (step) => (step < steps ? (step + 1) / (steps + 1) : after(step - steps));
}

export const constant: Schedule = () => 1;

/** Falls from 1 to `end` over `steps` as (1 − step/steps)^power, and stays. */
export function polynomial(steps: number, power = 0.9, end = 0): Schedule {
  return (step) => end + (1 - end) * (1 - Math.min(step, steps) / steps) ** power;
}

/** Falls from 1 to `end` over `steps` along half a cosine, and stays. */
export function cosine(steps: number, end = 0): Schedule {
  return (step) => end + ((1 - end) * (1 + Math.cos((Math.PI * Math.min(step, steps)) / steps))) / 2;
}

/** The decay of a moving average that forgets its start: min(d, (1 + n) / (10 + n)). */
export function emaDecay(decay: number, step: number): number {
  return Math.min(decay, (1 + step) / (10 + step));
}
