/** Stage `train-texfm`: texture latents for given voxels, given a condition. */
import { z } from "zod";
import { defineStage } from "../../../cli/plugin";
import { conditionMix, texfmConfig } from "../../models/api";
import { flowOptions } from "../flow-options";
import { minutesOf, reportingOptions, trainingOptions } from "../options";

export const texfmOptions = z.strictObject({
  model: texfmConfig.prefault({}),
  training: trainingOptions(200_000, 2),
  /** Columns along an edge of a training crop. */
  columns: z.int().positive().default(256),
  conditions: conditionMix.prefault({}),
  /** Share of crops whose coordinates are jagged ("Voxel Jagged Perturbation"). */
  jagged: z.number().min(0).max(1).default(1),
  /** Pixels that the coloured map is drawn with for one cell: at the extractor's patch (8) every cell has features of its own. */
  mapPixels: z.int().min(1).max(16).default(1),
  flow: flowOptions.prefault({}),
  ...reportingOptions,
});
export type TexfmOptions = z.output<typeof texfmOptions>;

export const trainTexfm = defineStage({
  name: "train-texfm",
  version: 1,
  title: "TexFM",
  options: texfmOptions,
  idleOptions: ["checkpointEvery", "logEvery"],
  needs: ["split", "encode-latents", "train-texvae"],
  native: true,
  gpu: true,
  ranks: ({ training }) => training.ranks,
  minutes: ({ training }) => minutesOf(training, 45),
  run: async (task) => (await import("./run-texfm")).run(task),
});
