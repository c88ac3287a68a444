/** How residual branches begin. */
import { type Init, init } from "../../../ffi";

/**
 * Xavier's uniform law at a share of its width. Residual branches that begin at 0.1 leave the signal of the input to the output first: StructVAE starts as an autoencoder rather than as noise.
 */
export function scaledXavier(share: number): Init {
  const xavier = init.xavierUniform();
  return (shape, seed, name) => xavier(shape, seed, name).mul_(share);
}
