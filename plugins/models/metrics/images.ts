/**
 * How near two pictures are: the losses of TexVAE and the numbers of evaluation. Pictures are f32 [B, 3, H, W] in [0, 1]; a mask [B, H, W] of 0 and 1 leaves pixels out.
 */
import type { Tensor } from "../../../ffi";
import { ssim as similarity } from "../../../ffi/image";

/** Mean absolute difference, a scalar. */
export function l1(a: Tensor, b: Tensor, mask?: Tensor): Tensor {
  return maskedMean(a.sub(b).abs(), mask);
}

/** Mean squared difference, a scalar. */
export function mse(a: Tensor, b: Tensor, mask?: Tensor): Tensor {
  return maskedMean(a.sub(b).pow(2), mask);
}

/** Decibels for values in [0, 1]; Infinity for equal pictures. */
export function psnr(a: Tensor, b: Tensor, mask?: Tensor): number {
  return -10 * Math.log10(mse(a, b, mask).item());
}

/** Structural similarity, the mean over pixels and channels: 11 × 11 Gaussian, σ 1.5. The paper's "SSIM ↓" is 1 less this. */
export function ssim(a: Tensor, b: Tensor, mask?: Tensor): Tensor {
  return maskedMean(similarity(a, b), mask);
}

function maskedMean(value_BCHW: Tensor, mask_BHW: Tensor | undefined): Tensor {
  if (!mask_BHW) return value_BCHW.mean();
  const channels = value_BCHW.shape[1]!;
  return value_BCHW.mul(mask_BHW.unsqueeze(1)).sum().div(mask_BHW.sum().mul(channels).clamp(1));
}
