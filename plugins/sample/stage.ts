/** Stage `sample`: scenes from a condition, by the five trained models. */
import { z } from "zod";
import { defineStage, fileOption } from "../../cli/plugin";
import { samplingNeeds, samplingOptions } from "./options";

export const sampleOptions = z.strictObject({
  /** What the flows are told. */
  condition: z.enum(["semantic", "image", "none"]).default("semantic"),
  /** The crop of the data set that gives the condition; without it the first held-out crop that can. */
  crop: z.string().optional(),
  /** A palette PNG of Table 13's ids instead of a crop's map, north-up, L × L pixels. */
  map: fileOption().optional(),
  /** Voxels to texture instead of generated ones: a safetensors file with `coords` [N, 3], as in a sample or a scene. */
  voxels: fileOption().optional(),
  /** Scenes of different seeds. */
  count: z.int().positive().default(1),
  ...samplingOptions,
});
export type SampleOptions = z.output<typeof sampleOptions>;

export const sample = defineStage({
  name: "sample",
  version: 1,
  title: "Sampled scenes",
  options: sampleOptions,
  needs: samplingNeeds,
  native: true,
  gpu: true,
  minutes: 0.05,
  run: async (task) => (await import("./run")).run(task),
});
