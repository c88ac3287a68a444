/** The dense layers. Weights have PyTorch's names and layouts. */
import type { DType } from "../dtype";
import { ops } from "../ops.gen";
import type { Tensor } from "../tensor";
import { type Init, init, Module, Parameter } from "./module";

/** y = x Wᵀ + b over the last dimension. */
export class Linear extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | null;
  constructor(
    inFeatures: number,
    outFeatures: number,
    { bias = true, init: first = init.xavierUniform(), biasInit = init.zeros() }: { bias?: boolean; init?: Init; biasInit?: Init } = {},
  ) {
    super();
    this.weight = new Parameter([outFeatures, inFeatures], first);
    this.bias = bias ? new Parameter([outFeatures], biasInit) : null;
  }
  /** @param x […, in] @returns […, out] */
  forward(x: Tensor): Tensor {
    return ops.earthcraft.linear(x, this.weight.tensor, this.bias?.tensor);
  }
}

/** Normalizes the last dimension to mean 0 and variance 1. */
export class LayerNorm extends Module {
  readonly weight: Parameter | null;
  readonly bias: Parameter | null;
  readonly #eps: number;
  constructor(channels: number, { affine = true, eps = 1e-6 }: { affine?: boolean; eps?: number } = {}) {
    super();
    this.#eps = eps;
    this.weight = affine ? new Parameter([channels], init.ones()) : null;
    this.bias = affine ? new Parameter([channels], init.zeros()) : null;
  }
  /** @param dtype of the result; default x's, or f32 under autocast */
  forward(x: Tensor, dtype?: DType): Tensor {
    return ops.earthcraft.layerNorm(x, this.weight?.tensor, this.bias?.tensor, this.#eps, dtype);
  }
}

/** A learned vector an index. */
export class Embedding extends Module {
  readonly weight: Parameter;
  constructor(count: number, channels: number, { init: first = init.normal(0.02) }: { init?: Init } = {}) {
    super();
    this.weight = new Parameter([count, channels], first);
  }
  /** @param index i64 […] @returns […, channels] */
  forward(index: Tensor): Tensor {
    return ops.aten.embedding(this.weight.tensor, index);
  }
}

/** The tanh form, as in transformers of this family. */
export function gelu(x: Tensor): Tensor {
  return ops.earthcraft.gelu(x);
}
export function silu(x: Tensor): Tensor {
  return ops.aten.silu(x);
}
export function softplus(x: Tensor): Tensor {
  return ops.aten.softplus(x);
}
