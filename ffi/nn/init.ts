/** First values of parameters. Each is drawn from (seed, name), so that the order in which modules are built changes nothing. */

import { normal as drawNormal, uniform as drawUniform, nameIndex } from "../random";
import { Tensor } from "../tensor";

export type Init = (shape: readonly number[], seed: number, name: string) => Tensor;

const stream = (seed: number, name: string) => ({ seed, purpose: "initialization", index: nameIndex(name) }) as const;

export const init = {
  zeros: (): Init => (shape) => Tensor.zeros(shape),
  ones: (): Init => (shape) => Tensor.ones(shape),
  constant:
    (value: number): Init =>
    (shape) =>
      Tensor.full(shape, value),
  normal:
    (std: number): Init =>
    (shape, seed, name) =>
      drawNormal(shape, stream(seed, name)).mul_(std),
  /** In [−bound, bound). */
  uniform:
    (bound: number): Init =>
    (shape, seed, name) =>
      drawUniform(shape, stream(seed, name))
        .mul_(2 * bound)
        .add_(-bound),
  /**
   * Glorot and Bengio's: uniform with variance 2 / (in + out).
   * @param fans for weights that are not [out, in, …kernel]
   */
  xavierUniform:
    (fans?: { fanIn: number; fanOut: number }): Init =>
    (shape, seed, name) => {
      const kernel = shape.slice(2).reduce((a, b) => a * b, 1);
      const { fanIn, fanOut } = fans ?? { fanIn: (shape[1] ?? 1) * kernel, fanOut: (shape[0] ?? 1) * kernel };
      return init.uniform(Math.sqrt(6 / (fanIn + fanOut)))(shape, seed, name);
    },
};
