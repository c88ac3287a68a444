/** Stage `encode-latents`: what the two VAEs make of the training samples, and the numbers that bring latents to unit size. */
import { z } from "zod";
import { defineStage } from "../../../cli/plugin";

export const encodeLatentsOptions = z.strictObject({
  /** L of the flows' window. */
  window: z.int().positive().default(256),
  /** How many of the 8 symmetries of each sample; different ones for different samples. */
  symmetries: z.int().min(1).max(8).default(8),
  /** What windows are cut from: the data set's crops, or a site's crops joined. */
  samples: z.enum(["crops", "sites"]).default("crops"),
  /** Windows of each crop and symmetry, where samples are larger than the window. */
  windows: z.int().positive().default(1),
});
export type EncodeLatentsOptions = z.output<typeof encodeLatentsOptions>;

export const encodeLatents = defineStage({
  name: "encode-latents",
  version: 2,
  title: "Latents",
  options: encodeLatentsOptions,
  needs: ["split", "train-structvae", "train-texvae"],
  native: true,
  gpu: true,
  minutes: ({ symmetries, windows }) => 0.05 * symmetries * windows,
  run: async (task) => (await import("./run-encode-latents")).run(task),
});
