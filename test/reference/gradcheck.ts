/** Finite differences against backward, in double. */
import { grad, noGrad, scope, Tensor } from "../../ffi";

export interface GradcheckOptions {
  step?: number;
  rtol?: number;
  atol?: number;
}

/**
 * Compares the gradients of `f` with central differences, at every element of every input.
 * The output is contracted with fixed, irregular weights, so that errors of one element cannot hide behind another's.
 * @param f float64 tensors to one float64 tensor; a reference in double, or an operator that takes doubles
 * @param inputs float64
 * @throws with the first element that disagrees
 */
export function gradcheck(
  f: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  { step = 1e-6, rtol = 1e-6, atol = 1e-8 }: GradcheckOptions = {},
): void {
  for (const [i, input] of inputs.entries()) if (input.dtype !== "f64") throw new TypeError(`gradcheck: input ${i} is ${input.dtype}, not f64`);
  const weighted = (...values: Tensor[]) => {
    const out = f(...values);
    return out.mul(Tensor.from(Float64Array.from({ length: out.numel }, (_, i) => Math.cos(1.7 * i + 0.3) + 0.1)).reshape(out.shape)).sum();
  };
  scope(() => {
    const leaves = inputs.map((input) => input.detach().clone().requiresGrad_());
    const analytic = grad([weighted(...leaves)], leaves).map((g, i) => (g ?? Tensor.zeros(inputs[i]!.shape, { dtype: "f64" })).toArray());
    const flat = inputs.map((input) => Float64Array.from(input.toArray()));
    const at = () => noGrad(() => scope(() => weighted(...inputs.map((input, i) => Tensor.from(flat[i]!, input.shape))).item()));
    for (const [i, values] of flat.entries()) {
      for (let j = 0; j < values.length; ++j) {
        const center = values[j]!;
        values[j] = center + step;
        const above = at();
        values[j] = center - step;
        const below = at();
        values[j] = center;
        const numeric = (above - below) / (2 * step);
        const found = analytic[i]![j]!;
        if (!(Math.abs(found - numeric) <= atol + rtol * Math.max(1, Math.abs(numeric))))
          throw new Error(`gradcheck: input ${i}, element ${j}: backward says ${found}, differences say ${numeric}`);
      }
    }
  });
}
