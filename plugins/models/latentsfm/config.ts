/** LatentSFM's sizes: Table 9; its condition branch is Table 8's. */
import { z } from "zod";
import { condNetConfig } from "../conditions/cond-net";
import { inpainting } from "../flow";

export const latentsfmConfig = z.strictObject({
  latentChannels: z.int().positive().default(32),
  /** Widths of levels L/8 and L/16. */
  channels: z.array(z.int().positive()).length(2).default([512, 1280]),
  /** T-blocks of the two levels; level 0 has as many again on the way up. */
  blocks: z.array(z.int().nonnegative()).length(2).default([4, 22]),
  headDim: z.int().positive().default(64),
  condition: z.enum(["cross", "add"]).default("cross"),
  inpainting: inpainting.default("reset"),
  condNet: condNetConfig([128, 256, 512, 768], [2, 2, 3, 4]),
});
export type LatentsfmConfig = z.infer<typeof latentsfmConfig>;

export const latentsfmScales = {
  paper: latentsfmConfig.parse({}),
  mini: latentsfmConfig.parse({
    channels: [48, 96],
    blocks: [1, 2],
    headDim: 16,
    condition: "add",
    inpainting: "trained",
    condNet: { channels: [16, 32, 48, 96], blocks: [1, 1, 1, 2], headDim: 16, down: "convolution" },
  }),
};
