/** Stage `train-latentsfm`: structural latents on roughened coarse cells, given a condition. */
import { z } from "zod";
import { defineStage } from "../../../cli/plugin";
import { conditionMix, latentsfmConfig, roughening } from "../../models/api";
import { flowOptions } from "../flow-options";
import { minutesOf, reportingOptions, trainingOptions } from "../options";

export const latentsfmOptions = z.strictObject({
  model: latentsfmConfig.prefault({}),
  training: trainingOptions(200_000, 2),
  conditions: conditionMix.prefault({}),
  normalDrop: z.number().min(0).max(1).default(0.5),
  flow: flowOptions.prefault({}),
  roughen: roughening.prefault({}),
  /** A cell is real when more than half of its channels have |z| > τ. */
  tau: z.number().positive().default(0.3),
  ...reportingOptions,
});
export type LatentsfmOptions = z.output<typeof latentsfmOptions>;

export const trainLatentsfm = defineStage({
  name: "train-latentsfm",
  version: 1,
  title: "LatentSFM",
  options: latentsfmOptions,
  idleOptions: ["checkpointEvery", "logEvery"],
  needs: ["split", "encode-latents", "train-structvae"],
  native: true,
  gpu: true,
  ranks: ({ training }) => training.ranks,
  minutes: ({ training }) => minutesOf(training, 40),
  run: async (task) => (await import("./run-latentsfm")).run(task),
});
