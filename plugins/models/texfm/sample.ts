/** TexFM at work: normalised texture latents for the voxels of a scene. */
import { noGrad, scope, type Tensor } from "../../../ffi";
import type { SparseTensor } from "../../../ffi/sparse";
import { type IntegrateOptions, integrate, withHints } from "../flow";
import type { Texfm } from "./model";

/**
 * @param conditions voxels of one scene with extractor features, and the empty condition's
 * @param scene the scene's voxels with noise [N, 8] as features
 * @returns normalised latents [N, 8]; × standard deviation + mean gives TexVAE's
 */
export function sampleTexture(
  model: Texfm,
  conditions: { cond: SparseTensor; empty: SparseTensor },
  scene: SparseTensor,
  options: IntegrateOptions,
): Tensor {
  return noGrad(() =>
    scope(() => {
      const [cond, empty] = [model.condNet.forward(conditions.cond), model.condNet.forward(conditions.empty)];
      const known = options.known && withHints(options.known, model.config.inpainting, () => scene.coords.narrow(1, 1, 3).contiguous().toArray());
      return integrate((x, t, branch) => model.forward(scene.withFeats(x), [t], branch === "cond" ? cond : empty, known), scene.feats, options);
    }),
  );
}
