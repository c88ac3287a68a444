/** TexVAE's sizes: Table 5, "Details of Model Architectures"; where they are silent, DESIGN §4. */
import { z } from "zod";

export const texvaeConfig = z.strictObject({
  /** 16 × 3 features, 15 colours of a cross, 3 of the normal (Eq. 1). */
  inChannels: z.int().positive().default(66),
  channels: z.int().positive().default(512),
  /** T-blocks of the encoder, and again of the decoder. */
  blocks: z.int().positive().default(12),
  headDim: z.int().positive().default(64),
  latentChannels: z.int().positive().default(8),
  /** Gaussians a voxel. */
  splats: z.int().positive().default(16),
  /** Where the posterior's log-variance begins: at −5 the VAE starts as an autoencoder. */
  logVarianceStart: z.number().default(-5),
  residualScale: z.number().positive().default(0.1),
});
export type TexvaeConfig = z.infer<typeof texvaeConfig>;

export const texvaeScales = {
  paper: texvaeConfig.parse({}),
  mini: texvaeConfig.parse({ channels: 64, blocks: 2, headDim: 32, splats: 4 }),
};
