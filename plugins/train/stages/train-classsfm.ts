/** Stage `train-classsfm`: which coarse cells hold surface, given a condition. */
import { z } from "zod";
import { defineStage } from "../../../cli/plugin";
import { classsfmConfig, conditionMix } from "../../models/api";
import { flowOptions } from "../flow-options";
import { cropTrainingOptions, minutesOf, reportingOptions } from "../options";

export const classsfmOptions = z.strictObject({
  model: classsfmConfig.prefault({}),
  training: cropTrainingOptions(200_000, 2),
  /** L of the model's window. */
  window: z.int().positive().default(256),
  conditions: conditionMix.prefault({}),
  normalDrop: z.number().min(0).max(1).default(0.5),
  /** A control: every crop is told of another crop's condition. What is learnt of conditions so is nothing. */
  shuffled: z.boolean().default(false),
  flow: flowOptions.prefault({}),
  ...reportingOptions,
});
export type ClasssfmOptions = z.output<typeof classsfmOptions>;

export const trainClasssfm = defineStage({
  name: "train-classsfm",
  version: 1,
  title: "ClassSFM",
  options: classsfmOptions,
  idleOptions: ["checkpointEvery", "logEvery"],
  needs: ["split"],
  native: true,
  gpu: true,
  ranks: ({ training }) => training.ranks,
  minutes: ({ training }) => minutesOf(training, 51),
  run: async (task) => (await import("./run-classsfm")).run(task),
});
