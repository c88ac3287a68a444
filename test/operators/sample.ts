/**
 * Sample calls of operators, for tests that walk every line of `ops.txt`. Owners of operators add a file to `index.ts`; a line without a sample
 * fails a test.
 */
import { Arena, type DType, deviceInUse, grad, noGrad, normal, onDevice, type RandomStream, randint, Tensor, uniform } from "../../ffi";

/** What a sample returns: its outputs. Leaves made while it runs are differentiated. */
export type Sample = () => Tensor | readonly Tensor[];
export type Samples = Readonly<Record<string, Sample>>;

let leaves: Tensor[] = [];
let draws = 0;

const drawn = new Arena("samples");
const remembered = new Map<string, Tensor>();

type Draw = (shape: readonly number[], stream: RandomStream) => Tensor;

/** A fresh copy, on the device in use, of what was drawn for this place in a sample; drawing anew would take most of the time. */
function draw(what: string, shape: readonly number[], from: Draw): Tensor {
  const index = draws++;
  const key = `${what} ${shape.join()} ${index}`;
  let values = remembered.get(key);
  if (values === undefined) {
    values = onDevice("cpu", () => drawn.run(() => from(shape, { seed: 17, purpose: "test", index })));
    remembered.set(key, values);
  }
  return deviceInUse() === "cpu" ? values.clone() : values.to(deviceInUse());
}

function asLeaf(tensor: Tensor): Tensor {
  leaves.push(tensor.requiresGrad_());
  return tensor;
}

/** Normal values that gradients are asked of. */
export function leaf(...shape: number[]): Tensor {
  return asLeaf(data(...shape));
}

/** In [0.5, 1.5), gradients asked. */
export function positive(...shape: number[]): Tensor {
  return asLeaf(draw("positive", shape, (s, stream) => uniform(s, stream).add_(0.5)));
}

/** Normal values without gradient. */
export function data(...shape: number[]): Tensor {
  return draw("normal", shape, normal);
}

/** Whole numbers in [0, high), i64. */
export function index(high: number, ...shape: number[]): Tensor {
  return draw(`below ${high}`, shape, (s, stream) => randint(high, s, stream));
}

export interface Outcome {
  /** Bytes of the outputs, then of the gradients of all leaves. */
  bytes: Uint8Array[];
  /** What the bytes hold. */
  dtypes: DType[];
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
  const dtypes = outputs.map((t) => t.dtype);
  const roots = outputs.filter((t) => t.requiresGrad);
  if (roots.length > 0) {
    const seeds = noGrad(() =>
      roots.map((t) =>
        data(...t.shape)
          .to(t.dtype)
          .to(t.device),
      ),
    );
    for (const gradient of grad(roots, leaves, seeds)) {
      if (gradient === null) continue;
      bytes.push(gradient.toBytes());
      dtypes.push(gradient.dtype);
    }
  }
  return { bytes, dtypes, differentiated: roots.length > 0 };
}
