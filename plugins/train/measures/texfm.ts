/** The colours that TexFM gives to the true voxels of an unseen crop, beside TexVAE's own: the quick look of its training and the protocol of evaluation alike. */
import { noGrad, scope, Tensor } from "../../../ffi";
import { SparseTensor } from "../../../ffi/sparse";
import { activate, emptyOnVoxels, type IntegrateOptions, sampleTexture, sparseOf, splatColours, type Texfm, type Texvae } from "../../models/api";
import { type Crop, coordsTensor, cropFeatures } from "../crops";
import type { StepDraws } from "../random";
import { mapCondition, TEX_CONDITION_CHANNELS } from "../tex-conditions";

export interface TextureModels {
  texfm: Texfm;
  texvae: Texvae;
  /** Of the latents, a channel. */
  mean: readonly number[];
  std: readonly number[];
}

export interface Painted {
  /** Colour of each voxel as TexVAE decodes its own latents, [N, 3] in [0, 1]: all that TexFM can reach. */
  own: Float32Array;
  /** As drawn from each noise. */
  drawn: Float32Array[];
  /** [N]. */
  classes: Uint8Array;
}

export interface PaintingRules {
  window: number;
  /** Pixels that the map is drawn with for one cell. */
  mapPixels: number;
  flow: Pick<IntegrateOptions, "steps" | "shift" | "cfg">;
}

/**
 * @param noises standard normal [N, 8] each
 * @param draws for the empty condition's voxels
 */
export function paint(
  models: TextureModels,
  crop: Crop,
  { window, mapPixels, flow }: PaintingRules,
  noises: readonly Tensor[],
  draws: StepDraws,
): Painted {
  return noGrad(() =>
    scope(() => {
      const { texfm, texvae, mean, std } = models;
      const coords = coordsTensor(crop.coords);
      const colourOf = (z: Tensor) => splatColours(activate(texvae.decoder.forward(SparseTensor.of(coords, z)), coords), crop.rows.length);
      const empty = emptyOnVoxels(crop.coords, TEX_CONDITION_CHANNELS, draws);
      const conditions = { cond: sparseOf(mapCondition(crop.coords, crop, { window, mapPixels })), empty: sparseOf(empty) };
      return {
        own: colourOf(texvae.encoder.forward(SparseTensor.of(coords, cropFeatures(crop))).mean),
        drawn: noises.map((noise) => colourOf(denormalise(sampleTexture(texfm, conditions, SparseTensor.of(coords, noise), flow), mean, std))),
        classes: Uint8Array.from(crop.rows, (row) => crop.sample.semantic[row]!),
      };
    }),
  );
}

function denormalise(z: Tensor, mu: readonly number[], sigma: readonly number[]): Tensor {
  return z.mul(Tensor.from(sigma, [1, sigma.length])).add(Tensor.from(mu, [1, mu.length]));
}
