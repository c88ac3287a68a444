/** What TexVAE learns by ("TexVAE Loss"): L1 and SSIM of rendered views, and a small KL term. */
import { z } from "zod";
import type { Tensor } from "../../../ffi";
import { l1, type Posterior, ssim } from "../../models/api";
import type { LossParts } from "./structvae";

export const texvaeLoss = z.strictObject({
  l1: z.number().nonnegative().default(20),
  ssim: z.number().nonnegative().default(2),
  /** Times the mean KL divergence of a latent number, in nats. */
  kl: z.number().nonnegative().default(1e-6),
});
export type TexvaeLoss = z.infer<typeof texvaeLoss>;

export interface RenderedViews {
  /** f32 [V, 3, H, W]. */
  rendered: Tensor;
  truth: Tensor;
  /** f32 [V, H, W], 1 where the crop is what the view sees. */
  mask: Tensor;
}

export function texvaeLossOf({ rendered, truth, mask }: RenderedViews, posterior: Posterior, weights: TexvaeLoss): LossParts {
  const kl = posterior.kl().mean();
  const difference = l1(rendered, truth, mask);
  // Outside the mask both are the truth, so that a window of SSIM across its border compares like with like.
  const shown = mask.unsqueeze(1);
  const likeness = ssim(rendered.mul(shown).add(truth.mul(shown.neg().add(1))), truth, mask);
  const loss = difference.mul(weights.l1).add(likeness.neg().add(1).mul(weights.ssim)).add(kl.mul(weights.kl));
  return { loss, parts: { l1: difference, ssim: likeness, kl } };
}
