/** Stage `train-structvae`: coordinates to latents and back (paper, "StructVAE Loss", "Training Details"). */
import { z } from "zod";
import { defineStage } from "../../../cli/plugin";
import { structvaeConfig } from "../../models/api";
import { cropOptions } from "../crops";
import { structvaeLoss } from "../losses/structvae";
import { cropTrainingOptions, minutesOf, reportingOptions } from "../options";

export const structvaeOptions = z.strictObject({
  model: structvaeConfig.prefault({}),
  training: cropTrainingOptions(200_000, 2),
  ...cropOptions(256),
  loss: structvaeLoss.prefault({}),
  pruning: z
    .strictObject({
      /** Share of the steps in which the truth prunes; the head's own word does afterwards. */
      teacherShare: z.number().min(0).max(1).default(0.5),
      /** Most voxels of a level, as a multiple of the truth's. */
      cap: z.number().positive().default(2),
    })
    .prefault({}),
  ...reportingOptions,
});
export type StructvaeOptions = z.output<typeof structvaeOptions>;

export const trainStructvae = defineStage({
  name: "train-structvae",
  version: 2,
  title: "StructVAE",
  options: structvaeOptions,
  idleOptions: ["checkpointEvery", "logEvery"],
  needs: ["split"],
  native: true,
  gpu: true,
  ranks: ({ training }) => training.ranks,
  minutes: ({ training }) => minutesOf(training, 73),
  run: async (task) => (await import("./run-structvae")).run(task),
});
