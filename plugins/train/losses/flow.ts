/** What the three flows learn by: the mean squared error of the velocity ("Flow Model Loss"). */
import type { Tensor } from "../../../ffi";
import type { LossParts } from "./structvae";

/** @param settled f32 [N, 1]: rows with 1 are known and teach nothing */
export function flowLossOf(velocity: Tensor, target: Tensor, settled?: Tensor): LossParts {
  const errors = velocity.sub(target).pow(2);
  const loss = settled ? errors.mean(1, true).mul(settled.neg().add(1)).sum().div(settled.neg().add(1).sum()) : errors.mean();
  return { loss, parts: { mse: loss } };
}
