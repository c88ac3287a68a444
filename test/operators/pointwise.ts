/** Samples of the operators that do in one pass what a transformer block does row by row. */
import { ops, Tensor } from "../../ffi";
import { leaf, type Samples } from "./sample";

const e = ops.earthcraft;
const ROWS = 1201;
const CHANNELS = 96;
const x = () => leaf(ROWS, CHANNELS);
const scenes = () => Tensor.from([0, 500, 500, ROWS], [4], { dtype: "i64" });

export const fused: Samples = {
  "earthcraft::gated_add": () => e.gatedAdd(x(), leaf(3, CHANNELS), x(), scenes()),
  "earthcraft::gelu": () => e.gelu(x()),
  "earthcraft::head_norm": () => e.headNorm(leaf(ROWS, 4, 24), leaf(4, 24)),
  "earthcraft::layer_norm": () => e.layerNorm(x(), leaf(CHANNELS), leaf(CHANNELS)),
  "earthcraft::linear": () => e.linear(x(), leaf(40, CHANNELS), leaf(40)),
  "earthcraft::modulated_norm": () => e.modulatedNorm(x(), leaf(3, CHANNELS), leaf(3, CHANNELS), scenes()),
};
