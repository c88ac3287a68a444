/** The noise that sampling starts from: counter-based, so that a seed gives the same scene whatever else was sampled before. */
import { normal, type Tensor } from "../../ffi";

/** Which flow a draw is for: part of the counter. */
const FLOWS = { coarse: 0, latents: 1, texture: 2 } as const;

/** Standard normal, f32. */
export function noiseFor(flow: keyof typeof FLOWS, seed: number, shape: readonly number[]): Tensor {
  return normal(shape, { seed, purpose: "sampling", index: FLOWS[flow] });
}
