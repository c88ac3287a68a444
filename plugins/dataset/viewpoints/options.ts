import { z } from "zod";

/** Recipe keys of the stage `viewpoints`. The paper gives squares, heights and counts of Top-Pose and AdaLevel-Pose; the rest are our readings. */
export const viewpointOptions = z.strictObject({
  image: z
    .strictObject({
      width: z.int().min(16).default(640),
      height: z.int().min(16).default(360),
      /** Full vertical angle. */
      fov_y_deg: z.number().min(5).max(120).default(45),
    })
    .prefault({}),
  top: z
    .strictObject({
      height_m: z.number().positive().default(500),
      outer_m: z.number().positive().default(600),
      inner_m: z.number().positive().default(100),
      per_square: z.int().min(0).default(8),
    })
    .prefault({}),
  building: z.strictObject({ layers: z.int().min(0).default(5), per_layer: z.int().min(1).default(12) }).prefault({}),
  adalevel: z
    .strictObject({
      lowest_m: z.number().positive().default(75),
      above_tallest_m: z.number().positive().default(225),
      levels: z.int().min(0).default(12),
      per_square: z.int().min(1).default(6),
      outer_m: z.number().positive().default(600),
      inner_m: z.number().positive().default(150),
    })
    .prefault({}),
  clearance: z
    .strictObject({
      /** Free air around a camera, sideways and downwards. */
      clearance_m: z.number().positive().default(10),
      /** How far a camera may move to stand over a driving road. */
      reach_m: z.number().min(0).default(120),
      /** Least free sight along the optical axis. */
      sight_m: z.number().min(0).default(30),
    })
    .prefault({}),
});

export type ViewpointOptions = z.infer<typeof viewpointOptions>;
