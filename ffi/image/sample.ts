/** Reading pictures at points between pixel centres. */
import { ArgumentError } from "../errors";
import { aten } from "../ops.gen";
import { scope } from "../scope";
import { Tensor } from "../tensor";

/**
 * Bilinear values of pictures at points, differentiable in both; beyond the outermost pixel centres the border's value goes on.
 * @param image f32 [B, C, H, W]
 * @param points f32 [B, P, 2] as (x, y) in pixels, the centre of the first pixel being (0.5, 0.5)
 * @returns f32 [B, P, C]
 */
export function sampleBilinear(image: Tensor, points: Tensor): Tensor {
  const [batch, , height, width] = image.shape;
  if (image.ndim !== 4 || points.ndim !== 3 || points.shape[0] !== batch || points.shape[2] !== 2)
    throw new ArgumentError(`sampleBilinear: image [${image.shape.join(", ")}] wants [B, C, H, W], points [${points.shape.join(", ")}] [B, P, 2]`);
  return scope(() => {
    const grid = points.mul(Tensor.from([2 / width!, 2 / height!], [2])).sub(1);
    return aten.gridSampler(image, grid.unsqueeze(1), 0, 1, false).squeeze(2).transpose(1, 2);
  });
}
