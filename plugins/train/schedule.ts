/** The learning rate by step: a closed form, so that a resumed run needs nothing but its step. */
import { z } from "zod";
import { polynomial, warmup } from "../../ffi";

export const lrSchedule = z.strictObject({
  /** The highest rate, reached after the warm-up. */
  peak: z.number().positive().default(1e-4),
  /** The rate at the end. */
  end: z.number().nonnegative().default(1e-6),
  /** Exponent of the polynomial decay; 1 is linear. */
  power: z.number().positive().default(0.9),
  /** Steps of linear growth. */
  warmup: z.int().nonnegative().default(1000),
});
export type LrSchedule = z.infer<typeof lrSchedule>;

/** Rate of step `step` (0 is the first) of `steps`. */
export function learningRate(schedule: LrSchedule, step: number, steps: number): number {
  const { peak, end, power, warmup: rising } = schedule;
  return peak * warmup(rising, polynomial(Math.max(1, steps - rising), power, end / peak))(step);
}
