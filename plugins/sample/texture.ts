/** The textural half of sampling (Figure 3c, right): voxels to 2D Gaussians, through TexFM and TexVAE's decoder. N voxels, 8 latent channels, K splats a voxel. */
import { noGrad, ops, scope, Tensor } from "../../ffi";
import { SparseTensor } from "../../ffi/sparse";
import { type IntegrateOptions, sampleTexture, type Texfm, type Texvae } from "../models/api";
import { inColumns, rowsOf } from "./known";
import { noiseFor } from "./noise";
import type { TextureOptions } from "./options";

export interface KnownTexture {
  /** bool [L, L] by (x, y): columns that are settled. */
  columns_LL: Tensor;
  /** Voxels with their latents [N, 8] in TexVAE's units. */
  voxels: SparseTensor;
}

export interface TextureModels {
  texfm: Texfm;
  texvae: Texvae;
  /** Of the latents, a channel: the flow sees (z − mean) / std. */
  mean: readonly number[];
  std: readonly number[];
}

export interface TextureRequest {
  /** First-hit voxels with the features of the image or of the coloured map; `empty`: 10,000 voxels of the scene with zero features. */
  conditions: { cond: SparseTensor; empty: SparseTensor };
  seed: number;
  options: TextureOptions;
  known?: KnownTexture;
  onStep?: IntegrateOptions["onStep"];
}

/**
 * TexFM: texture latents of one scene's voxels.
 *
 * @param coords_N4 int32
 * @returns the voxels with latents [N, 8] in TexVAE's units
 */
export function texturedVoxels(models: TextureModels, coords_N4: Tensor, { conditions, seed, options, known, onStep }: TextureRequest): SparseTensor {
  const { texfm } = models;
  const channels = texfm.config.latentChannels;
  return scope(() => {
    const row = (values: readonly number[]) => Tensor.from(Float32Array.from(values), [1, channels]);
    const [mean, std] = [row(models.mean), row(models.std)];
    const noise = noiseFor("texture", seed, [coords_N4.shape[0]!, channels]);
    const settled = known && { mask: inColumns(coords_N4, known.columns_LL, 1), x0: rowsOf(known.voxels, coords_N4).sub(mean).div(std), noise };
    const scene = SparseTensor.of(coords_N4, noise);
    const z = sampleTexture(texfm, conditions, scene, { ...options.flow, known: settled, onStep });
    const latents = z.mul(std).add(mean);
    if (!settled || !known) return scene.withFeats(latents);
    // Through (z − mean) / std and back would cost the last bits of what must be equal.
    return scene.withFeats(ops.aten.where(settled.mask.gt(0), rowsOf(known.voxels, coords_N4), latents));
  });
}

/** TexVAE's decoder. @returns raw splats [N, K·23] */
export function decodedSplats({ texvae }: TextureModels, latents: SparseTensor): Tensor {
  return noGrad(() => scope(() => texvae.decoder.forward(latents)));
}
