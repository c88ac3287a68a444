/** Tensors in safetensors files. */
import { dtypes } from "./dtype";
import { failure, loadNative } from "./load";
import { openSafetensors, type StoredTensor, storedBytes, type Writable, writeEntries } from "./safetensors";
import { Tensor } from "./tensor";

/** Writes tensors and typed arrays; the file appears whole or not at all. Only one tensor's bytes are copied at a time. */
export function saveSafetensors(
  path: string,
  tensors: ReadonlyMap<string, Tensor | StoredTensor>,
  metadata: Readonly<Record<string, string>> = {},
): void {
  const entries = [...tensors].map(([name, value]): [string, Writable] => {
    if (value instanceof Tensor) return [name, { dtype: value.dtype, shape: value.shape, bytes: () => value.toBytes() }];
    const { dtype, shape, data } = value;
    return [name, { dtype, shape, bytes: () => storedBytes(name, dtype, data) }];
  });
  writeEntries(path, new Map(entries), metadata);
}

/** Opens a file's tensors. Their memory is a private mapping of the file: pages are read when they are touched, and writing to them changes no file. */
export function loadSafetensors(path: string): { tensors: Map<string, Tensor>; metadata: Readonly<Record<string, string>> } {
  const file = openSafetensors(path);
  const tensors = new Map<string, Tensor>();
  for (const [name, { dtype, shape, offset, bytes }] of file.entries) {
    const aligned = offset % dtypes[dtype].bytes === 0;
    tensors.set(
      name,
      aligned ? mapped(path, shape, dtype, offset, bytes) : Tensor.fromBytes(file.memory.slice(offset, offset + bytes), shape, dtype),
    );
  }
  return { tensors, metadata: file.metadata };
}

function mapped(path: string, shape: readonly number[], dtype: keyof typeof dtypes, offset: number, bytes: number): Tensor {
  const { call, stream } = loadNative();
  for (let i = 0; i < shape.length; ++i) stream[i] = shape[i]!;
  const handle = call.ec_tensor_map(path, offset, bytes, dtypes[dtype].code, shape.length);
  if (handle === 0) throw failure(`loading ${path}`);
  return new Tensor(handle);
}
