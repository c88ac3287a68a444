/**
 * Sample calls of operators, for tests that walk every line of `ops.txt`. Owners of operators add a file to `index.ts`; a line without a sample
 * fails a test.
 */
import { grad, noGrad, normal, randint, Tensor, uniform } from "../../ffi";

/** What a sample returns: its outputs. Leaves made while it runs are differentiated. */
export type Sample = () => Tensor | readonly Tensor[];
export type Samples = Readonly<Record<string, Sample>>;

let leaves: Tensor[] = [];
let draws = 0;

const stream = () => ({ seed: 17, purpose: "test", index: draws++ }) as const;

/** Normal values that gradients are asked of. */
export function leaf(...shape: number[]): Tensor {
  const tensor = normal(shape, stream()).requiresGrad_();
  leaves.push(tensor);
  return tensor;
}

/** In [0.5, 1.5), gradients asked. */
export function positive(...shape: number[]): Tensor {
  const tensor = uniform(shape, stream()).add_(0.5).requiresGrad_();
  leaves.push(tensor);
  return tensor;
}

/** Normal values without gradient. */
export function data(...shape: number[]): Tensor {
  return normal(shape, stream());
}

/** Whole numbers in [0, high), i64. */
export function index(high: number, ...shape: number[]): Tensor {
  return randint(high, shape, stream());
}

export interface Outcome {
  /** Bytes of the outputs, then of the gradients of all leaves. */
  bytes: Uint8Array[];
  /** Whether backward ran. */
  differentiated: boolean;
}

/** Runs a sample and, where an output allows it, its backward with irregular weights. The inputs are the same every time. */
export function runSample(sample: Sample): Outcome {
  leaves = [];
  draws = 0;
  const result = sample();
  const outputs = (result instanceof Tensor ? [result] : [...result]).filter((t) => t !== null);
  const bytes = outputs.map((t) => t.toBytes());
  const roots = outputs.filter((t) => t.requiresGrad);
  if (roots.length > 0) {
    const seeds = noGrad(() => roots.map((t) => normal(t.shape, { seed: 18, purpose: "test", index: t.numel }).to(t.dtype)));
    for (const gradient of grad(roots, leaves, seeds)) if (gradient !== null) bytes.push(gradient.toBytes());
  }
  return { bytes, differentiated: roots.length > 0 };
}
