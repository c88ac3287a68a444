/** Runs a function on tensors of the processor and on copies of them on the GPU. */
import { expect } from "bun:test";
import "../matchers";
import { grad, noGrad, onDevice, Tensor } from "../../ffi";
import { randomTensor } from "../voxels";
import { gpuName } from "./gpu";

export const GPU = "cuda:0";
// Before the first gradient on the processor, which starts autograd's threads for the devices that it knows.
if (gpuName) onDevice(GPU, () => {});

type Function = (...inputs: Tensor[]) => readonly Tensor[];

/** Outputs of `run` on the processor and on the GPU, the latter fetched. */
export function onBoth(run: Function, inputs: readonly Tensor[]): { expected: Tensor[]; found: Tensor[] } {
  const expected = run(...inputs);
  const found = run(...inputs.map((t) => t.to(GPU)));
  for (const t of found) expect(t.device).toBe(GPU);
  return { expected: [...expected], found: found.map((t) => t.to("cpu")) };
}

/** Outputs, then gradients of those inputs that are floating-point numbers, under irregular weights. */
export function differentiated(run: Function, wanted: number): Function {
  return (...inputs) => {
    const leaves = inputs.map((t, i) => (i < wanted ? t.detach().requiresGrad_() : t));
    const outputs = run(...leaves);
    const roots = outputs.filter((t) => t.requiresGrad);
    const seeds = noGrad(() =>
      roots.map((t, i) =>
        randomTensor(t.shape, 900 + i, "f32")
          .to(t.dtype)
          .to(t.device),
      ),
    );
    const gradients = grad(roots, leaves.slice(0, wanted), seeds);
    return [...outputs, ...gradients.map((t, i) => t ?? Tensor.zeros(inputs[i]!.shape, { device: inputs[i]!.device }))].map((t) => t.detach());
  };
}

interface Closeness {
  /** Of the largest value. */
  bound: number;
  /** Share of values that may lie beyond the bound. */
  jumps?: number;
}

/** Largest difference in shares of the largest value, over all but the share `jumps` of the values. */
export function expectClose(found: Tensor, expected: Tensor, { bound, jumps = 0 }: Closeness, name = ""): void {
  expect([name, ...found.shape]).toEqual([name, ...expected.shape]);
  const [a, b] = [found.toArray(), expected.toArray()];
  let largest = 0;
  for (const value of b) largest = Math.max(largest, Math.abs(value));
  let beyond = 0;
  for (let i = 0; i < b.length; ++i) if (!(Math.abs(a[i]! - b[i]!) <= bound * largest)) ++beyond;
  expect({ name, tooMany: beyond > jumps * b.length ? `${beyond} of ${b.length} values are beyond ${bound} of ${largest}` : "" }).toEqual({
    name,
    tooMany: "",
  });
}
