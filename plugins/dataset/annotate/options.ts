import { z } from "zod";

/** Recipe keys of the stage `annotate`. */
export const annotateOptions = z.strictObject({
  /** How many of the highest AdaLevel views annotate, beside all Top views. */
  adalevel_views: z.int().min(0).default(54),
  /** Z_far, 2.0 units of the paper's scene. */
  far_m: z.number().positive().default(600),
  /** τ_s. */
  exponent_view: z.number().positive().default(3),
  /** τ_d. */
  exponent_depth: z.number().positive().default(3),
  /** Edge of the square that is annotated: the central 500 m and a margin. */
  extent_m: z.number().positive().default(510),
  /** Pixel of the views that tell the scene's outside from what lies buried. */
  outside_pixel_m: z.number().positive().default(1),
  /** A body of water becomes level when its edges' heights differ by no more than this: a lake or a harbour, not a river down a valley. */
  level_water_m: z.number().min(0).default(3),
  /** The picture encoder of Eq. 1. */
  extractor: z.enum(["dct"]).default("dct"),
});
