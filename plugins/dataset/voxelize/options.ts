import { z } from "zod";

/** Recipe keys of the stage `voxelize`. */
export const voxelizeOptions = z.strictObject({
  /** L: cells along a crop's 200 m. */
  cells: z.int().min(16).default(360),
  /** A view is listed with a crop when this share of its pixels falls into it. */
  least_view_share: z.number().min(0).max(1).default(0.02),
});
