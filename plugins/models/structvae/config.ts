/** StructVAE's sizes: Tables 6 and 7, with DESIGN §4 where they are silent. Lists run from level 0 (L) to level 3 (L/8), as the tables do. */
import { z } from "zod";

const perLevel = z.array(z.int().nonnegative()).length(4);

export const structvaeConfig = z.strictObject({
  encoder: z
    .strictObject({
      channels: perLevel.default([128, 256, 512, 1024]),
      blocks: perLevel.default([2, 2, 3, 4]),
    })
    .prefault({}),
  decoder: z
    .strictObject({
      channels: perLevel.default([128, 256, 768, 1024]),
      /** T-blocks on pseudo-sparse voxels, before the classification. */
      pseudoBlocks: perLevel.default([4, 2, 2, 0]),
      /** T-blocks on the voxels that were kept. */
      sparseBlocks: perLevel.default([0, 2, 4, 4]),
    })
    .prefault({}),
  latentChannels: z.int().positive().default(32),
  headDim: z.int().positive().default(64),
  /** Width and T-blocks of a classification head. */
  classifier: z.strictObject({ channels: z.int().positive().default(64), blocks: z.int().positive().default(2) }).prefault({}),
  /** Edge of the stride-2 convolutions' kernel. */
  downKernel: z.union([z.literal(2), z.literal(3)]).default(2),
  /** One C-block a level; in the decoder it follows the pixel shuffle. */
  cBlock: z.boolean().default(true),
  /** Attention of level 3. */
  bottom: z.enum(["full", "swin"]).default("full"),
  /** How pseudo-sparse voxels are made: `shuffle` gives each child its own channels, `copy` the parent's (Table 3). */
  upsample: z.enum(["shuffle", "copy"]).default("shuffle"),
  logVarianceStart: z.number().default(-5),
  /** Standard deviation of the weights on position waves: at 1 they drown everything else. */
  positionStd: z.number().positive().default(0.02),
  residualScale: z.number().positive().default(0.1),
});
export type StructvaeConfig = z.infer<typeof structvaeConfig>;

export const LEVELS = 4;

export const structvaeScales = {
  paper: structvaeConfig.parse({}),
  mini: structvaeConfig.parse({
    encoder: { channels: [32, 64, 96, 128], blocks: [1, 1, 1, 2] },
    decoder: { channels: [32, 64, 96, 128], pseudoBlocks: [2, 1, 1, 0], sparseBlocks: [0, 1, 1, 2] },
    headDim: 32,
    classifier: { channels: 32, blocks: 2 },
  }),
};
