/** What the three flows learn by: the mean squared error of the velocity ("Flow Model Loss"). */
import type { Tensor } from "../../../ffi";
import type { LossParts } from "./structvae";

export function flowLossOf(velocity: Tensor, target: Tensor): LossParts {
  const loss = velocity.sub(target).pow(2).mean();
  return { loss, parts: { mse: loss.item() } };
}
