/** A small dense network computed in one pass: ReLU between the layers, nothing after the last, no bias (Müller et al. 2022, section 4). */
import { type Init, init, Module, Parameter } from "../nn";
import { earthcraft } from "../ops.gen";
import { Tensor } from "../tensor";

export interface FusedMLPOptions {
  /** At most 128. */
  inputs: number;
  /** At most 128. */
  outputs: number;
  /** Width of the hidden layers, at most 64. Default 64. */
  hidden?: number;
  /** Hidden layers, 1 to 3. Default 1. */
  layers?: number;
}

export class FusedMLP extends Module {
  readonly widths: readonly number[];
  /** f32, the matrices [out, in] one after another. */
  readonly weights: Parameter;

  constructor({ inputs, outputs, hidden = 64, layers = 1 }: FusedMLPOptions) {
    super();
    this.widths = [inputs, ...Array<number>(layers).fill(hidden), outputs];
    const count = this.widths.slice(1).reduce((sum, width, l) => sum + width * this.widths[l]!, 0);
    this.weights = new Parameter([count], glorot(this.widths));
  }

  /**
   * @param x f32 [N, inputs]; read fastest where it is stored feature by feature, as encodings are
   * @returns f32 [N, outputs], stored feature by feature
   */
  forward(x: Tensor): Tensor {
    return earthcraft.fusedMlp(x, this.weights.tensor, this.widths);
  }
}

/** Glorot and Bengio's, matrix by matrix. */
function glorot(widths: readonly number[]): Init {
  return (_, seed, name) =>
    Tensor.cat(
      widths.slice(1).map((fanOut, l) => {
        const fanIn = widths[l]!;
        return init.xavierUniform({ fanIn, fanOut })([fanIn * fanOut], seed, `${name}.${l}`);
      }),
    );
}
