/** What StructVAE learns by: at each level the cross-entropy of "keep" over all pseudo-sparse voxels ("StructVAE Loss"), and a KL term on which the paper is silent. */
import { z } from "zod";
import { ops, type Tensor } from "../../../ffi";
import type { Decoded, Posterior } from "../../models/api";

export const structvaeLoss = z.strictObject({
  /** λ of levels 0, 1, 2. */
  crossEntropy: z.array(z.number().nonnegative()).length(3).default([5, 5, 5]),
  /** Times the KL divergence in nats of a latent voxel (a sum over channels), averaged over latent voxels. At 0.25 the latent collapses. */
  kl: z.number().nonnegative().default(1e-3),
});
export type StructvaeLoss = z.infer<typeof structvaeLoss>;

export interface LossParts {
  loss: Tensor;
  /** Scalars, read when the step is done. */
  parts: Record<string, Tensor>;
}

export function structvaeLossOf(decoded: Decoded, posterior: Posterior, weights: StructvaeLoss): LossParts {
  const kl = posterior.kl().sum(1).mean();
  const parts: LossParts["parts"] = { kl };
  let loss = kl.mul(weights.kl);
  // A level that was never reached has no term: the levels above it must learn first.
  for (const { level, logits_N2, labels_N } of decoded.levels) {
    const ce = ops.aten.crossEntropyLoss(logits_N2, labels_N!);
    parts[`ce${level}`] = ce;
    loss = loss.add(ce.mul(weights.crossEntropy[level]!));
  }
  return { loss, parts };
}
