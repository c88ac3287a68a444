/**
 * When the network is asked: times for training and for sampling.
 *
 * Both follow the discrete scheduler with shift 3 that the paper names: 1,000 levels, pushed towards noise by t = s·u / (1 + (s − 1)·u). Sampling shifts once (diffusers shifts twice)
 * and ends at exactly 0.
 */

/** Levels of the discrete scheduler; the time embedding sees `t · LEVELS`. */
export const LEVELS = 1000;

/** t = s·u / (1 + (s − 1)·u): with s > 1, more of [0, 1] is spent near noise. Keeps 0 and 1. */
export function shiftTime(u: number, shift: number): number {
  return (shift * u) / (1 + (shift - 1) * u);
}

/** A training time from a uniform draw of `level` in 1…1000. */
export function trainingTime(level: number, shift: number): number {
  if (!Number.isInteger(level) || level < 1 || level > LEVELS) throw new RangeError(`trainingTime: level ${level} is not an integer in 1…${LEVELS}`);
  return shiftTime(level / LEVELS, shift);
}

/** A training time from a standard normal draw: sigmoid(mean + std·z), TRELLIS's law. */
export function logitNormalTime(z: number, mean = 1, std = 1): number {
  return 1 / (1 + Math.exp(-(mean + std * z)));
}

/** `steps + 1` times from 1 to 0: τ_i = 1 − i / steps, shifted once. */
export function samplingTimes(steps: number, shift: number): number[] {
  if (!Number.isInteger(steps) || steps < 1) throw new RangeError(`samplingTimes: ${steps} steps; want a whole number of at least 1`);
  return Array.from({ length: steps + 1 }, (_, i) => shiftTime(1 - i / steps, shift));
}
