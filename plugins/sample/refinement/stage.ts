/** Stage `tune-refinement`: the refinement limit τ that suits the trained flows, chosen on the crops set aside for tuning. */
import { z } from "zod";
import { defineStage } from "../../../cli/plugin";
import { modelNeeds, samplingOptions } from "../options";

export const tuneOptions = z.strictObject({
  /** Values of τ to try. */
  candidates: z.array(z.number().min(0)).min(1).default([0.01, 0.02, 0.035, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5]),
  /** Scenes of each crop and condition. */
  seeds: z.int().positive().default(1),
  /** As the other stages sample; its own τ is not used. */
  structure: samplingOptions.structure,
});
export type TuneOptions = z.output<typeof tuneOptions>;

export const tuneRefinement = defineStage({
  name: "tune-refinement",
  version: 2,
  title: "Refinement limit",
  options: tuneOptions,
  needs: modelNeeds,
  native: true,
  gpu: true,
  minutes: 0.1,
  run: async (task) => (await import("./run")).run(task),
});
