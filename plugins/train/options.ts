/** Recipe keys that all training stages share (paper, "Implementation Details"; DESIGN §4 where it is silent). */
import { z } from "zod";
import { lrSchedule } from "./schedule";

export const optimiserOptions = z.strictObject({
  lr: lrSchedule.prefault({}),
  betas: z.tuple([z.number().min(0).max(1), z.number().min(0).max(1)]).default([0.9, 0.999]),
  weightDecay: z.number().nonnegative().default(0),
  /** Largest norm of the gradient of all parameters together. */
  clip: z.number().positive().default(1),
  ema: z.number().min(0).max(1).default(0.9999),
});

const training = (steps: number, batch: number) =>
  z.strictObject({
    steps: z.int().nonnegative().default(steps),
    /** Crops of one update; their gradients are summed one after the other, in a fixed order. */
    batch: z.int().positive().default(batch),
    /** Processes that share the crops of an update; at most as many as there are crops. */
    ranks: z.int().positive().default(1),
    optimiser: optimiserOptions.prefault({}),
    /** Matrix products, convolutions and attention in bf16, the rest in f32. */
    precision: z.enum(["f32", "bf16"]).default("bf16"),
    /** Compute a block's inner tensors again in backward instead of keeping them: a third more time, a fraction of the memory, the same gradients. */
    checkpointing: z.boolean().default(true),
    /** α of Eq. 2: how much likelier scenes with tall things are drawn. 0: all alike. */
    heightAlpha: z.number().nonnegative().default(1),
  });

/** Keys of a training that cuts its windows from samples itself. */
const cutting = {
  flips: z.boolean().default(true),
  /** What windows are cut from: the data set's crops, or a site's crops joined, so that a window as large as a crop moves too. */
  samples: z.enum(["crops", "sites"]).default("crops"),
};

const evenly = [
  ({ ranks, batch }: { ranks: number; batch: number }) => batch % ranks === 0,
  { error: "batch must be a multiple of ranks: every rank computes equally many crops" },
] as const;

/**
 * A training on windows that `encode-latents` has cut.
 *
 * @param batch crops of one update by default
 */
export const trainingOptions = (steps: number, batch: number) =>
  training(steps, batch)
    .refine(...evenly)
    .prefault({});
export type TrainingOptions = z.infer<ReturnType<typeof trainingOptions>>;

/**
 * A training on windows of the samples.
 *
 * @param batch crops of one update by default
 */
export const cropTrainingOptions = (steps: number, batch: number) =>
  training(steps, batch)
    .extend(cutting)
    .refine(...evenly)
    .prefault({});

/** Keys that change when things are written down, not what is learnt. */
export const reportingOptions = {
  checkpointEvery: z.int().positive().default(1000),
  logEvery: z.int().positive().default(10),
  validationCrops: z.int().positive().default(6),
};

/** Expected minutes of a training on two cores. @param crop_ms what a crop of the `mini` model takes there, all ranks counted */
export function minutesOf({ steps, batch }: TrainingOptions, crop_ms: number): number {
  return (steps * batch * crop_ms) / 60_000;
}
