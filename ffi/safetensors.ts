/**
 * Safetensors files over typed arrays, without the native library. Every number of the header is checked against the file before anything is
 * read; a file is written beside its name, flushed, and renamed, so that a reader or a crash never meets half of one.
 *
 * Format: https://github.com/huggingface/safetensors — u64 length, JSON header, then the tensors without holes.
 */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { type DType, dtypes } from "./dtype";

/** Refused by the format's own reader as well. */
const MAX_HEADER_BYTES = 100_000_000;
const METADATA = "__metadata__";

/** Bytes an element of the types a file may hold, ours and others'. */
const ELEMENT_BYTES: Record<string, number> = {
  ...{ BOOL: 1, U8: 1, I8: 1, F8_E5M2: 1, F8_E4M3: 1, I16: 2, U16: 2, F16: 2, BF16: 2, I32: 4, U32: 4, F32: 4, F64: 8, I64: 8, U64: 8 },
};
const OURS = new Map<string, DType>(Object.entries(dtypes).map(([name, { safetensors }]) => [safetensors, name as DType]));

/** A file that is not what its header says, or no safetensors file at all. */
export class SafetensorsError extends Error {
  override readonly name = "SafetensorsError";
  /** What the program's exit code goes by. */
  readonly kind = "damaged file";
  constructor(
    readonly path: string,
    problem: string,
  ) {
    super(`${path}: ${problem}`);
  }
}

export interface TensorEntry {
  dtype: DType;
  shape: readonly number[];
  /** Where its bytes lie in the file. */
  offset: number;
  bytes: number;
}

/** Values by element type; f16 and bf16 as their bits. */
export type StoredArray = Float32Array | Float64Array | Int8Array | Uint8Array | Uint16Array | Int16Array | Int32Array | BigInt64Array;

export interface StoredTensor {
  dtype: DType;
  shape: readonly number[];
  /** f16 may be given as f32, which is rounded. */
  data: StoredArray;
}

/** An open file: entries by name, values on demand from a private mapping. */
export class SafetensorsFile {
  constructor(
    readonly path: string,
    readonly metadata: Readonly<Record<string, string>>,
    readonly entries: ReadonlyMap<string, TensorEntry>,
    readonly memory: Uint8Array,
  ) {}

  entry(name: string): TensorEntry {
    const entry = this.entries.get(name);
    if (entry === undefined)
      throw new SafetensorsError(this.path, `no tensor named ${JSON.stringify(name)}; it has ${[...this.entries.keys()].slice(0, 8).join(", ")}`);
    return entry;
  }

  /** The values as they are stored; a view where alignment allows. */
  array(name: string): StoredArray {
    const { dtype, offset, bytes } = this.entry(name);
    const view = this.memory.subarray(offset, offset + bytes);
    const aligned = view.byteOffset % dtypes[dtype].bytes === 0 ? view : view.slice();
    return viewAs(dtype, aligned.buffer, aligned.byteOffset, bytes / dtypes[dtype].bytes);
  }

  /** The values of a floating-point tensor as f32. */
  float32(name: string): Float32Array {
    const { dtype } = this.entry(name);
    const values = this.array(name);
    if (values instanceof Float32Array) return values;
    if (dtype === "f16") return Float32Array.from(new Float16Array(values.buffer, values.byteOffset, values.length));
    if (dtype === "bf16") return new Float32Array(Uint32Array.from(values as Uint16Array, (bits) => bits << 16).buffer);
    if (values instanceof Float64Array) return Float32Array.from(values);
    throw new SafetensorsError(this.path, `${name} is ${dtype}, not floating-point`);
  }
}

function viewAs(dtype: DType, buffer: ArrayBufferLike, offset: number, length: number): StoredArray {
  switch (dtype) {
    case "f32":
      return new Float32Array(buffer, offset, length);
    case "f64":
      return new Float64Array(buffer, offset, length);
    case "i8":
      return new Int8Array(buffer, offset, length);
    case "i16":
      return new Int16Array(buffer, offset, length);
    case "i32":
      return new Int32Array(buffer, offset, length);
    case "i64":
      return new BigInt64Array(buffer, offset, length);
    case "f16":
    case "bf16":
      return new Uint16Array(buffer, offset, length);
    default:
      return new Uint8Array(buffer, offset, length);
  }
}

/** @throws SafetensorsError when the file is damaged, and the system's error, with the path, when it cannot be read */
export function openSafetensors(path: string): SafetensorsFile {
  const { size } = statSync(path);
  if (size < 8) throw new SafetensorsError(path, `${size} bytes are too few for a safetensors file`);
  const memory = Bun.mmap(path, { shared: false });
  const length = new DataView(memory.buffer, memory.byteOffset).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) throw new SafetensorsError(path, `a header of ${length} bytes; no safetensors file, or a damaged one`);
  const start = 8 + Number(length);
  if (start > memory.byteLength) throw new SafetensorsError(path, `cut short: the header takes ${length} bytes, the file has ${memory.byteLength}`);
  const { metadata, entries } = readHeader(path, memory.subarray(8, start), memory.byteLength - start);
  const placed = new Map([...entries].map(([name, entry]) => [name, { ...entry, offset: entry.offset + start }]));
  return new SafetensorsFile(path, metadata, placed, memory);
}

function readHeader(path: string, bytes: Uint8Array, dataBytes: number) {
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    header = JSON.parse(text);
  } catch (cause) {
    throw new SafetensorsError(path, `the header is no JSON: ${cause instanceof Error ? cause.message : cause}`);
  }
  if (!text.startsWith("{") || !isObject(header)) throw new SafetensorsError(path, "the header is no object");
  const repeated = repeatedKey(text);
  if (repeated !== undefined) throw new SafetensorsError(path, `the header names ${JSON.stringify(repeated)} twice`);

  const metadata: Record<string, string> = {};
  const entries = new Map<string, TensorEntry>();
  for (const [name, value] of Object.entries(header)) {
    if (name !== METADATA) {
      entries.set(name, readEntry(path, name, value));
      continue;
    }
    if (!isObject(value)) throw new SafetensorsError(path, "the metadata are no object");
    for (const [key, text] of Object.entries(value)) {
      if (typeof text !== "string") throw new SafetensorsError(path, `metadata ${JSON.stringify(key)} is no string`);
      metadata[key] = text;
    }
  }
  let end = 0;
  for (const [name, { offset, bytes }] of [...entries].sort(([, a], [, b]) => a.offset - b.offset || a.bytes - b.bytes)) {
    if (offset !== end)
      throw new SafetensorsError(
        path,
        `tensor ${JSON.stringify(name)} begins at ${offset}, ${offset < end ? "inside the one before" : "after a hole"}, not at ${end}`,
      );
    end = offset + bytes;
  }
  if (end > dataBytes) throw new SafetensorsError(path, `cut short: the tensors take ${end} bytes, the file has ${dataBytes}`);
  if (end < dataBytes) throw new SafetensorsError(path, `${dataBytes - end} bytes after the last tensor`);
  return { metadata, entries };
}

function readEntry(path: string, name: string, value: unknown): TensorEntry {
  const bad = (problem: string) => new SafetensorsError(path, `tensor ${JSON.stringify(name)}: ${problem}`);
  if (!isObject(value)) throw bad("no object");
  const { dtype, shape, data_offsets: offsets } = value;
  const size = typeof dtype === "string" && Object.hasOwn(ELEMENT_BYTES, dtype) ? ELEMENT_BYTES[dtype] : undefined;
  if (size === undefined) throw bad(`no element type ${JSON.stringify(dtype)}`);
  if (!isSizes(shape) || shape.length > 64) throw bad(`no shape: ${JSON.stringify(shape)?.slice(0, 100)}`);
  if (!isSizes(offsets) || offsets.length !== 2) throw bad(`no offsets: ${JSON.stringify(offsets)?.slice(0, 100)}`);
  const [begin, end] = offsets as [number, number];
  const bytes = shape.includes(0) ? 0 : shape.reduce((product, n) => product * n, size); // beyond 2^53 it is inexact, and far larger than any file
  if (end - begin !== bytes || !Number.isSafeInteger(bytes))
    throw bad(`${dtype} [${shape.join(", ")}] takes ${bytes} bytes, its offsets give ${end - begin}`);
  const own = OURS.get(dtype as string);
  if (own === undefined) throw bad(`element type ${dtype} is not one of ${[...OURS.keys()].join(", ")}`);
  return { dtype: own, shape, offset: begin, bytes };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0 && !Object.is(n, -0));
}

/** The first key that an object of this valid JSON text has twice; JSON.parse silently takes the last. */
function repeatedKey(text: string): string | undefined {
  const open: (Set<string> | null)[] = []; // null: an array
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"(?:\s*:)?|[{}[\]]/g)) {
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(null);
    else if (token === "}" || token === "]") open.pop();
    else if (token.endsWith(":")) {
      const key = JSON.parse(token.slice(0, token.lastIndexOf('"') + 1)) as string;
      const keys = open.at(-1);
      if (keys?.has(key)) return key;
      keys?.add(key);
    }
  }
  return undefined;
}

/** What is written: bytes asked for one tensor after the other, so that only one is in memory. */
export interface Writable {
  dtype: DType;
  shape: readonly number[];
  bytes: () => Uint8Array;
}

/** Writes typed arrays. Wide elements come first, then names in order, so that everything is aligned and equal contents are equal files. */
export function writeSafetensors(path: string, tensors: ReadonlyMap<string, StoredTensor>, metadata: Readonly<Record<string, string>> = {}): void {
  writeEntries(
    path,
    new Map([...tensors].map(([name, { dtype, shape, data }]) => [name, { dtype, shape, bytes: () => storedBytes(name, dtype, data) }])),
    metadata,
  );
}

/** The bytes of an array as they go into a file. */
export function storedBytes(name: string, dtype: DType, data: StoredArray): Uint8Array {
  const stored = dtype === "f16" && data instanceof Float32Array ? new Float16Array(data) : data;
  if (stored.BYTES_PER_ELEMENT !== dtypes[dtype].bytes) throw new TypeError(`${name}: a ${data.constructor.name} does not hold ${dtype}`);
  return new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
}

export function writeEntries(path: string, tensors: ReadonlyMap<string, Writable>, metadata: Readonly<Record<string, string>>): void {
  const order = [...tensors].sort(([a, x], [b, y]) => dtypes[y.dtype].bytes - dtypes[x.dtype].bytes || (a < b ? -1 : 1));
  let end = 0;
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header[METADATA] = Object.fromEntries(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1)));
  for (const [name, { dtype, shape }] of order) {
    if (name === METADATA) throw new TypeError(`a tensor cannot be named ${METADATA}`);
    const begin = end;
    end += shape.reduce((product, n) => product * n, dtypes[dtype].bytes);
    Object.defineProperty(header, name, { value: { dtype: dtypes[dtype].safetensors, shape, data_offsets: [begin, end] }, enumerable: true });
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const padded = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20);
  new DataView(padded.buffer).setBigUint64(0, BigInt(padded.length - 8), true);
  padded.set(json, 8);

  replaceFile(path, (write) => {
    write(padded);
    for (const [name, { dtype, shape, bytes }] of order) {
      const data = bytes();
      const wanted = shape.reduce((product, n) => product * n, dtypes[dtype].bytes);
      if (data.byteLength !== wanted) throw new RangeError(`${name}: ${dtype} [${shape.join(", ")}] takes ${wanted} bytes, got ${data.byteLength}`);
      write(data);
    }
  });
}

/** Writes a file beside `path`, flushes it, and renames it into place. On failure `path` is as it was and nothing is left over. */
function replaceFile(path: string, fill: (write: (bytes: Uint8Array) => void) => void): void {
  const temporary = `${path}.tmp-${process.pid}`;
  try {
    const file = openSync(temporary, "w");
    try {
      fill((bytes) => {
        for (let done = 0; done < bytes.byteLength; ) done += writeSync(file, bytes, done, Math.min(bytes.byteLength - done, 1 << 30));
      });
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  const folder = openSync(dirname(path), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
