/** Sines and cosines of times and positions. */
import { ArgumentError } from "../errors";
import { ops } from "../ops.gen";
import { scope } from "../scope";
import { Tensor } from "../tensor";

/** Geometric frequencies from 1 down to 1 / period. */
function frequencies(count: number, period: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => period ** (-i / count));
}

/**
 * Cosines, then sines, of a time at frequencies from 1 to 1 / 10,000 (DiT's).
 * @param t f32 [B]
 * @returns f32 [B, channels]
 */
export function timestepEmbedding(t: Tensor, channels: number, maxPeriod = 10000): Tensor {
  if (channels % 2 !== 0) throw new ArgumentError(`timestepEmbedding: channels must be even, got ${channels}`);
  return scope(() => {
    const phase = t
      .to("f32")
      .unsqueeze(-1)
      .mul(Tensor.from(frequencies(channels / 2, maxPeriod)).to(t.device));
    return ops.aten.cat([phase.cos(), phase.sin()], -1);
  });
}

/**
 * For each axis sines, then cosines, of a position; zeros fill up what the axes do not share evenly (TRELLIS's).
 * @param coords [N, A] of any number type
 * @returns f32 [N, channels]
 */
export function positionEmbedding(coords: Tensor, channels: number, maxPeriod = 10000): Tensor {
  const axes = coords.size(-1);
  const count = Math.floor(channels / axes / 2);
  if (count === 0) throw new ArgumentError(`positionEmbedding: ${channels} channels are too few for ${axes} axes`);
  return scope(() => {
    const phase = coords
      .to("f32")
      .unsqueeze(-1)
      .mul(Tensor.from(frequencies(count, maxPeriod)).to(coords.device));
    const embedded = ops.aten.cat([phase.sin(), phase.cos()], -1).flatten(-2);
    const missing = channels - 2 * count * axes;
    return missing === 0 ? embedded : ops.aten.constantPadNd(embedded, [0, missing], 0);
  });
}
