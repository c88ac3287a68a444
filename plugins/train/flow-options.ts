/** Recipe keys that the three flows share (DESIGN §4, "Flow"). */
import { z } from "zod";

export const flowOptions = z.strictObject({
  /** Law of training times: the discrete scheduler's, or TRELLIS's logit-normal. */
  times: z.enum(["uniform", "logit-normal"]).default("uniform"),
  shift: z.number().positive().default(3),
  /** Draws of (time, noise) a scene and step; they share one pass of the condition branch. */
  draws: z.int().positive().default(1),
  /** Share of crops that show the flow some columns as settled, as in a scene that grows; nothing without the model's `inpainting: trained`. */
  settled: z.number().min(0).max(1).default(0.5),
  /** Steps of sampling, for what the report shows. */
  steps: z.int().positive().default(25),
  guidance: z.number().nonnegative().default(3),
});
export type FlowOptions = z.infer<typeof flowOptions>;
