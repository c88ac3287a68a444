/** Stage `extend`: one scene larger than the models' window, grown window by window. */
import { z } from "zod";
import { defineStage } from "../../cli/plugin";
import { samplingNeeds, samplingOptions } from "../sample/api";

export const extendOptions = z.strictObject({
  /** Windows along x and y. */
  columns: z.int().positive().default(2),
  rows: z.int().positive().default(2),
  /** Share of its edge that a window has in common with its neighbour. */
  overlap: z.number().min(0).max(0.75).default(0.5),
  /** Structures drawn for a window that joins others, of which the best joined stays. */
  tries: z.int().positive().default(1),
  condition: z.enum(["semantic", "none"]).default("semantic"),
  /** The held-out site whose map the scene follows; without it the first. */
  site: z.string().optional(),
  ...samplingOptions,
});
export type ExtendOptions = z.output<typeof extendOptions>;

export const extend = defineStage({
  name: "extend",
  version: 1,
  title: "Extended scene",
  options: extendOptions,
  needs: samplingNeeds,
  native: true,
  gpu: true,
  minutes: 0.15,
  run: async (task) => (await import("./run")).run(task),
});
