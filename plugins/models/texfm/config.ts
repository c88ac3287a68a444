/** TexFM's sizes: Table 11 (TexNet) and Table 10 (its condition branch, whose widths are TexNet's, so that levels add). */
import { z } from "zod";
import { condNetConfig } from "../conditions/cond-net";
import { inpainting } from "../flow";

export const texfmConfig = z
  .strictObject({
    latentChannels: z.int().positive().default(8),
    channels: z.array(z.int().positive()).length(4).default([192, 384, 768, 1280]),
    blocks: z.array(z.int().nonnegative()).length(4).default([4, 4, 8, 12]),
    headDim: z.int().positive().default(64),
    /** Channels of a condition voxel: the feature extractor's. */
    condChannels: z.int().positive().default(16),
    inpainting: inpainting.default("reset"),
    condNet: condNetConfig([192, 384, 768, 1280], [2, 2, 3, 5]),
  })
  .refine((config) => config.channels.every((width, level) => width === config.condNet.channels[level]), {
    error: "condNet.channels must equal channels: the condition is added level by level",
  });
export type TexfmConfig = z.infer<typeof texfmConfig>;

export const texfmScales = {
  paper: texfmConfig.parse({}),
  mini: texfmConfig.parse({
    channels: [32, 48, 64, 96],
    blocks: [1, 1, 1, 1],
    headDim: 16,
    inpainting: "trained",
    condNet: { channels: [32, 48, 64, 96], blocks: [1, 1, 1, 1], headDim: 16 },
  }),
};
