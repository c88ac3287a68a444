/**
 * Runs samples of operators on the CPU and on the GPU and prints one line of JSON for each: how far the GPU's results are from the CPU's, and
 * whether a second run gives the same bytes. A process of its own, because a fault in a kernel ends all CUDA work of a process.
 *
 * usage: compare.ts DEVICE [name …]   (all without names; DEVICE cpu compares the CPU with itself, which tests this file)
 */
import { type DType, scope, setThreads, TensorError, useDevice } from "../../ffi";
import { samples } from "../operators";
import { type Outcome, runSample, type Sample } from "../operators/sample";
import { gpuSamples } from "./samples";

export interface Comparison {
  name: string;
  /** `missing`: there is no kernel for GPUs. */
  state: "compared" | "missing" | "failed";
  /** Largest |GPU − CPU| over the largest |CPU|, over all floating-point results; 0 for whole numbers that agree. */
  error?: number;
  /** Result by result, as `error`. */
  errors?: number[];
  repeats?: boolean;
  problem?: string;
}

/** Values as doubles. */
function numbers(bytes: Uint8Array, dtype: DType): ArrayLike<number> {
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  switch (dtype) {
    case "f32":
      return new Float32Array(buffer, byteOffset, byteLength / 4);
    case "f64":
      return new Float64Array(buffer, byteOffset, byteLength / 8);
    case "bf16":
      return new Float32Array(Uint32Array.from(new Uint16Array(buffer, byteOffset, byteLength / 2), (bits) => bits << 16).buffer);
    case "f16":
      return Float32Array.from(new Float16Array(buffer, byteOffset, byteLength / 2));
    default:
      return bytes;
  }
}

const isFloat = (dtype: DType) => dtype.startsWith("f") || dtype === "bf16";

function distance(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [apart, largest] = [0, 0];
  for (let i = 0; i < expected.length; ++i) {
    const [a, b] = [found[i]!, expected[i]!];
    if (Object.is(a, b) || a === b) continue;
    const difference = Math.abs(a - b);
    if (!(difference < Number.POSITIVE_INFINITY)) return Number.POSITIVE_INFINITY; // NaN, or an infinity that the other lacks
    apart = Math.max(apart, difference);
  }
  for (let i = 0; i < expected.length; ++i) if (Number.isFinite(expected[i]!)) largest = Math.max(largest, Math.abs(expected[i]!));
  return apart === 0 ? 0 : apart / Math.max(largest, 1e-30);
}

function compare(name: string, sample: Sample, device: string): Comparison {
  const run = (where: string): Outcome => {
    useDevice(where);
    return scope(() => runSample(sample));
  };
  let expected: Outcome;
  try {
    expected = run("cpu");
  } catch (error) {
    return { name, state: "failed", problem: `on the CPU: ${error}` };
  }
  try {
    const found = run(device);
    if (found.dtypes.join() !== expected.dtypes.join() || found.bytes.some((b, i) => b.length !== expected.bytes[i]!.length)) {
      const of = ({ dtypes, bytes }: Outcome) => dtypes.map((dtype, i) => `${dtype} of ${bytes[i]!.length} bytes`).join(", ");
      return { name, state: "failed", problem: `results are ${of(found)}; the CPU's ${of(expected)}` };
    }
    const again = run(device);
    const errors = found.bytes.map((bytes, i) => {
      const dtype = expected.dtypes[i]!;
      if (isFloat(dtype)) return distance(numbers(bytes, dtype), numbers(expected.bytes[i]!, dtype));
      return Buffer.compare(bytes, expected.bytes[i]!) === 0 ? 0 : Number.POSITIVE_INFINITY;
    });
    const repeats = found.bytes.every((bytes, i) => Buffer.compare(bytes, again.bytes[i]!) === 0);
    return { name, state: "compared", error: Math.max(0, ...errors), errors, repeats };
  } catch (error) {
    const missing = error instanceof TensorError && error.kind === "unsupported" && /Could not run 'earthcraft::/.test(error.message);
    return { name, state: missing ? "missing" : "failed", problem: String(error).split("\n")[0]!.slice(0, 600) };
  }
}

if (import.meta.main) {
  setThreads(8);
  const [device = "cuda:0", ...names] = process.argv.slice(2);
  useDevice(device); // before the first gradient on the CPU
  const wanted = new Set(names);
  for (const [name, sample] of Object.entries({ ...samples, ...gpuSamples })) {
    if (wanted.size > 0 && !wanted.has(name)) continue;
    console.log(JSON.stringify(compare(name, sample, device), (_, value) => (value === Number.POSITIVE_INFINITY ? "Infinity" : value)));
  }
}
