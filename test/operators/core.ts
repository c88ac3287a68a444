/** Samples of random numbers and the optimiser. */
import { noGrad, ops, Tensor } from "../../ffi";
import { data, type Samples } from "./sample";

const e = ops.earthcraft;

export const core: Samples = {
  "earthcraft::uniform": () => e.uniform(1, 2, 3, [50001]),
  "earthcraft::normal": () => e.normal(1, 2, 3, [50001]),
  "earthcraft::randint": () => e.randint(1, 2, 3, 1000, [50001]),
  "earthcraft::philox_block": () => e.philoxBlock([1, 2], [3, 4, 5, 6]),
  "earthcraft::adamw_": () =>
    noGrad(() => {
      const params = [data(300, 257), data(33)];
      const means = params.map((p) => Tensor.zeros(p.shape, { dtype: "bf16" }));
      const squares = params.map((p) => Tensor.zeros(p.shape, { dtype: "bf16" }));
      const averages = params.map((p) => p.clone());
      const options = { lr: 0.1, beta1: 0.9, beta2: 0.99, eps: 1e-8, weightDecay: 0.1, clip: 1, emaDecay: 0.9, step: 1, seed: 4 };
      const [norm] = e.adamw_(params, [data(300, 257), data(33)], means, squares, averages, options);
      return [...params, ...means, ...squares, ...averages, Tensor.from(Float64Array.of(norm))];
    }),
};
