/** How alike two batches of pictures are. Values lie in [0, 1]. */
import { earthcraft } from "../ops.gen";
import type { Tensor } from "../tensor";

/**
 * Structural similarity of every pixel: 11 × 11 Gaussian window of σ 1.5, zero padding, C1 = 0.01², C2 = 0.03² (as TRELLIS). Differentiable in both; its mean
 * is the usual figure.
 * @param x f32 [B, C, H, W]
 * @param y like x
 * @returns f32 [B, C, H, W], at most 1
 */
export function ssim(x: Tensor, y: Tensor): Tensor {
  return earthcraft.ssim(x, y);
}
