/** Stage `evaluate`: all five models on held-out crops, alone and in a row, beside what needs no model. */
import { z } from "zod";
import { defineStage, metricOption } from "../../../cli/plugin";
import { samplingNeeds, samplingOptions } from "../../sample/api";

/** The parts of the protocol: four models by themselves, and all five in a row. LatentSFM is measured within the row. */
export const PARTS = ["structvae", "texvae", "classsfm", "texfm", "chain"] as const;
export type Part = (typeof PARTS)[number];

export const evaluateOptions = z.strictObject({
  /** Held-out crops, spread evenly over the held-out sites. */
  crops: z.union([z.literal("all"), z.int().positive()]).default(4),
  /** Draws of each crop and condition. */
  seeds: z.int().positive().default(1),
  only: z
    .array(z.enum(PARTS))
    .min(1)
    .default([...PARTS]),
  /** Measures of whole scenes beside those of the protocol, of any plugin; part of `chain`. */
  metrics: z.array(metricOption()).default(["height_error_m"]),
  /** Of the bootstrap that gives the intervals. */
  resamples: z.int().min(100).default(10_000),
  ...samplingOptions,
});
export type EvaluateOptions = z.output<typeof evaluateOptions>;

export const evaluate = defineStage({
  name: "evaluate",
  version: 2,
  title: "Evaluation",
  options: evaluateOptions,
  needs: samplingNeeds,
  native: true,
  gpu: true,
  minutes: 1,
  run: async (task) => (await import("./run")).run(task),
});
