/** ClassSFM's sizes (text of the supplementary, Table 8; Table 5: UNet-2). */
import { z } from "zod";
import { condNetConfig } from "../conditions/cond-net";
import { inpainting } from "../flow";

export const classsfmConfig = z.strictObject({
  channels: z.int().positive().default(1024),
  headDim: z.int().positive().default(64),
  /** T-blocks on the grid itself, before it is patchified. */
  preBlocks: z.int().nonnegative().default(4),
  /** T-blocks on patches of 2³. */
  blocks: z.int().positive().default(24),
  /** The paper leaves open "addition or cross-attention". Addition learns alignment faster at small sizes. */
  condition: z
    .strictObject({
      by: z.enum(["cross", "add"]).default("cross"),
      /** An injection stands before every so many T-blocks. */
      every: z.int().positive().default(8),
    })
    .prefault({}),
  inpainting: inpainting.default("reset"),
  condNet: condNetConfig([128, 256, 512, 768], [2, 2, 3, 4]),
});
export type ClasssfmConfig = z.infer<typeof classsfmConfig>;

export const classsfmScales = {
  paper: classsfmConfig.parse({}),
  mini: classsfmConfig.parse({
    channels: 96,
    headDim: 32,
    preBlocks: 1,
    blocks: 6,
    condition: { by: "add", every: 2 },
    inpainting: "continued",
    condNet: { channels: [16, 32, 48, 96], blocks: [1, 1, 1, 2], headDim: 16 },
  }),
};
