/** Stage `train-texvae`: voxel features to latents and 2D Gaussians, by rendering (paper, "TexVAE Loss"). */
import { z } from "zod";
import { defineStage } from "../../../cli/plugin";
import { texvaeConfig } from "../../models/api";
import { cropOptions } from "../crops";
import { texvaeLoss } from "../losses/texvae";
import { cropTrainingOptions, minutesOf, reportingOptions } from "../options";

export const texvaeOptions = z.strictObject({
  model: texvaeConfig.prefault({}),
  training: cropTrainingOptions(200_000, 2),
  ...cropOptions(360),
  loss: texvaeLoss.prefault({}),
  /** Views a crop and step. */
  views: z.int().positive().default(4),
  /** Largest width and height of a view in pixels; larger ones are cut to where the crop is. */
  viewSize: z.tuple([z.int().positive(), z.int().positive()]).default([640, 360]),
  /** Share of crops whose coordinates are jagged ("Voxel Jagged Perturbation"). */
  jagged: z.number().min(0).max(1).default(0.5),
  ...reportingOptions,
});
export type TexvaeOptions = z.output<typeof texvaeOptions>;

export const trainTexvae = defineStage({
  name: "train-texvae",
  version: 1,
  title: "TexVAE",
  options: texvaeOptions,
  idleOptions: ["checkpointEvery", "logEvery"],
  needs: ["split"],
  native: true,
  gpu: true,
  ranks: ({ training }) => training.ranks,
  minutes: ({ training }) => minutesOf(training, 46),
  run: async (task) => (await import("./run-texvae")).run(task),
});
