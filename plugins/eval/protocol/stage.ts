/** Stage `evaluate`: the five models in a row on held-out crops, beside what needs no model. */
import { z } from "zod";
import { defineStage, metricOption } from "../../../cli/plugin";
import { samplingNeeds, samplingOptions } from "../../sample/api";

export const evaluateOptions = z.strictObject({
  /** Held-out crops, spread evenly over the held-out sites; 0 = all. */
  crops: z.int().min(0).default(4),
  /** Scenes of each crop and condition. */
  seeds: z.int().positive().default(1),
  /** Measures beside those of the protocol, of any plugin. */
  metrics: z.array(metricOption()).default(["height_error_m"]),
  ...samplingOptions,
});
export type EvaluateOptions = z.output<typeof evaluateOptions>;

export const evaluate = defineStage({
  name: "evaluate",
  version: 1,
  title: "Evaluation",
  options: evaluateOptions,
  needs: samplingNeeds,
  native: true,
  minutes: 1,
  run: async (task) => (await import("./run")).run(task),
});
