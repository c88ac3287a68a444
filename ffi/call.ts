/**
 * Puts the arguments of one operator into the frame, calls it, and takes the results out.
 *
 * `ops.gen.ts` is written in these words. They check every argument, because bun:ffi coerces silently (a missing argument is 0).
 */
import { type DType, dtypes, isDType } from "./dtype";
import { ArgumentError, type TensorError, tensorError } from "./errors";
import { loadNative, type Native, STREAM_WORDS } from "./load";
import type { Operator } from "./operator";
import { Tensor } from "./tensor";

/** What stands before a value in the stream: `ec_tag`. */
export const TAG = { none: 0, number: 1, bool: 2, string: 3, tensor: 4, numbers: 5, bools: 6, tensors: 7, default: 8 } as const;

let native: Native;
let stream: Float64Array;
let position = 0;
let current: Operator;

export function begin(op: Operator): void {
  if (op.number < 0) resolve(op);
  current = op;
  position = 0;
}

function resolve(op: Operator): void {
  native = loadNative();
  stream = native.stream;
  const number = native.call.ec_operator_find(op.name);
  if (number < 0) throw tensorError(-number, native.message());
  op.number = number;
}

function wrong(name: string, expected: string, value: unknown): ArgumentError {
  return new ArgumentError(`${current.shortName}: ${name} must be ${expected}, got ${describe(value)}`);
}

function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null || typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "string") return JSON.stringify(value);
  if (value instanceof Tensor) return "a tensor";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return `a ${typeof value}`;
}

function room(words: number): void {
  if (position + words + 64 > STREAM_WORDS)
    throw new ArgumentError(`${current.shortName}: more than ${STREAM_WORDS} numbers in one call; pass a tensor`);
}

export function tensor(name: string, value: Tensor): void {
  if (!(value instanceof Tensor)) throw wrong(name, "a tensor", value);
  stream[position++] = TAG.tensor;
  stream[position++] = value.handle;
}

export function scalar(name: string, value: number | boolean): void {
  if (typeof value === "number") stream[position++] = TAG.number;
  else if (typeof value === "boolean") stream[position++] = TAG.bool;
  else throw wrong(name, "a number", value);
  stream[position++] = +value;
}

export function float(name: string, value: number): void {
  if (typeof value !== "number") throw wrong(name, "a number", value);
  stream[position++] = TAG.number;
  stream[position++] = value;
}

export function int(name: string, value: number): void {
  if (!Number.isSafeInteger(value)) throw wrong(name, "a whole number", value);
  stream[position++] = TAG.number;
  stream[position++] = value;
}

export function bool(name: string, value: boolean): void {
  if (typeof value !== "boolean") throw wrong(name, "true or false", value);
  stream[position++] = TAG.bool;
  stream[position++] = value ? 1 : 0;
}

const encoder = new TextEncoder();

export function string(name: string, value: string): void {
  if (typeof value !== "string") throw wrong(name, "a string", value);
  room(value.length);
  const at = position + 2;
  const { written } = encoder.encodeInto(value, native.streamBytes.subarray(8 * at));
  stream[position] = TAG.string;
  stream[position + 1] = written;
  position = at + Math.ceil(written / 8);
}

export function dtype(name: string, value: DType): void {
  if (!isDType(value)) throw wrong(name, `one of ${Object.keys(dtypes).join(", ")}`, value);
  stream[position++] = TAG.number;
  stream[position++] = dtypes[value].code;
}

export function ints(name: string, value: readonly number[]): void {
  if (!Array.isArray(value)) throw wrong(name, "an array of whole numbers", value);
  room(value.length);
  stream[position++] = TAG.numbers;
  stream[position++] = value.length;
  for (let i = 0; i < value.length; ++i) {
    if (!Number.isSafeInteger(value[i])) throw wrong(`${name}[${i}]`, "a whole number", value[i]);
    stream[position++] = value[i]!;
  }
}

/** The object of keywords. A tensor is none, though it has a `dtype` and a `device`. */
export function options(value: object): void {
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    throw wrong("options", "an object of keywords", value);
}

/** A list of fixed length, for which one number may stand: `stride: 2`. */
export function intsOrInt(name: string, value: readonly number[] | number): void {
  if (typeof value === "number") int(name, value);
  else ints(name, value);
}

export function floats(name: string, value: readonly number[]): void {
  if (!Array.isArray(value)) throw wrong(name, "an array of numbers", value);
  room(value.length);
  stream[position++] = TAG.numbers;
  stream[position++] = value.length;
  for (let i = 0; i < value.length; ++i) {
    if (typeof value[i] !== "number") throw wrong(`${name}[${i}]`, "a number", value[i]);
    stream[position++] = value[i]!;
  }
}

/** @public for operators with a `bool[]`, when one is used */
export function bools(name: string, value: readonly boolean[]): void {
  if (!Array.isArray(value)) throw wrong(name, "an array of booleans", value);
  room(value.length);
  stream[position++] = TAG.bools;
  stream[position++] = value.length;
  for (let i = 0; i < value.length; ++i) {
    if (typeof value[i] !== "boolean") throw wrong(`${name}[${i}]`, "true or false", value[i]);
    stream[position++] = value[i] ? 1 : 0;
  }
}

export function tensors(name: string, value: readonly Tensor[]): void {
  if (!Array.isArray(value)) throw wrong(name, "an array of tensors", value);
  room(value.length);
  stream[position++] = TAG.tensors;
  stream[position++] = value.length;
  for (let i = 0; i < value.length; ++i) {
    const item = value[i];
    if (!(item instanceof Tensor)) throw wrong(`${name}[${i}]`, "a tensor", item);
    stream[position++] = item.handle;
  }
}

export function optionalTensors(name: string, value: readonly (Tensor | null)[]): void {
  if (!Array.isArray(value)) throw wrong(name, "an array of tensors and nulls", value);
  room(value.length);
  stream[position++] = TAG.tensors;
  stream[position++] = value.length;
  for (let i = 0; i < value.length; ++i) {
    const item = value[i];
    if (item !== null && !(item instanceof Tensor)) throw wrong(`${name}[${i}]`, "a tensor or null", item);
    stream[position++] = item === null ? 0 : item.handle;
  }
}

/** The schema's default. */
export function standard(): void {
  stream[position++] = TAG.default;
}

/** For an argument that may be left out (undefined: the default) or be nothing (null). */
export function orDefault<T>(write: (name: string, value: T) => void, name: string, value: T | null | undefined): void {
  if (value === undefined) stream[position++] = TAG.default;
  else if (value === null) stream[position++] = TAG.none;
  else write(name, value);
}

function failed(op: Operator): TensorError {
  const status = native.header[0]!;
  const message = native.message();
  const operands = describeOperands(op);
  const own = message.startsWith(`${op.shortName}: `) ? message.slice(op.shortName.length + 2) : message;
  return tensorError(status, `${op.shortName}: ${operands === "" ? "" : `${operands}: `}${own}`);
}

/** `feats [1024, 64] f32, weight [27, 32, 128] f32`, read back from the arguments still in the frame. */
function describeOperands(op: Operator): string {
  const found: { name: string; handle: number }[] = [];
  for (let at = 0, n = 0; at < position; ++n) {
    const name = op.argumentNames[n] ?? `argument ${n}`;
    const tag = stream[at++];
    if (tag === TAG.tensor) found.push({ name, handle: stream[at++]! });
    else if (tag === TAG.number || tag === TAG.bool) at++;
    else if (tag === TAG.numbers || tag === TAG.bools) at += 1 + stream[at]!;
    else if (tag === TAG.string) at += 1 + Math.ceil(stream[at]! / 8);
    else if (tag === TAG.tensors) {
      const count = stream[at++]!;
      for (let i = 0; i < count; ++i, ++at) if (i < 8 && stream[at] !== 0) found.push({ name: `${name}[${i}]`, handle: stream[at]! });
    }
  }
  return found.map(({ name, handle }) => `${name} ${describeHandle(handle)}`).join(", ");
}

function describeHandle(handle: number): string {
  if (native.call.ec_tensor_info(handle) !== 0) return "(disposed)";
  const code = stream[0];
  const name = Object.entries(dtypes).find(([, d]) => d.code === code)?.[0] ?? `dtype ${code}`;
  const shape = Array.from(stream.subarray(6, 6 + stream[5]!));
  return `[${shape.join(", ")}] ${name}`;
}

/** Calls an operator that returns one tensor. */
export function one(op: Operator, count: number): Tensor {
  const handle = native.call.ec_call(op.number, count);
  if (handle !== 0) return new Tensor(handle);
  if (native.header[0] !== 0) throw failed(op);
  const value = take()[0];
  // An operator may return no tensor where its schema promises one: a gradient nobody asked for.
  return value as Tensor;
}

/** Calls an operator that writes to its first argument in place and returns it. */
export function same(op: Operator, count: number, self: Tensor): Tensor {
  native.header[0] = 0;
  if (native.call.ec_call(op.number, count) === 0 && native.header[0] !== 0) throw failed(op);
  return self;
}

/** Calls an operator that returns several values; a list of tensors is one of them. */
export function many(op: Operator, count: number): unknown[] {
  native.header[0] = 0;
  const handle = native.call.ec_call(op.number, count);
  if (handle !== 0) return [new Tensor(handle)];
  if (native.header[0] !== 0) throw failed(op);
  return take();
}

/** Reads the returned values out of the frame. */
function take(): unknown[] {
  const count = native.header[2]!;
  const values: unknown[] = [];
  let at = 0;
  for (let n = 0; n < count; ++n) {
    const tag = stream[at++];
    if (tag === TAG.tensor) values.push(new Tensor(stream[at++]!));
    else if (tag === TAG.number) values.push(stream[at++]!);
    else if (tag === TAG.bool) values.push(stream[at++] !== 0);
    else if (tag === TAG.none) values.push(null);
    else {
      const length = stream[at++]!;
      if (tag === TAG.string) {
        values.push(new TextDecoder().decode(native.streamBytes.subarray(8 * at, 8 * at + length)));
        at += Math.ceil(length / 8);
        continue;
      }
      const items = stream.subarray(at, at + length);
      if (tag === TAG.tensors) values.push(Array.from(items, (handle) => new Tensor(handle)));
      else values.push(Array.from(items));
      at += length;
    }
  }
  return values;
}

export { isDType };

/** No overload of an operator takes these arguments. */
export function noOverload(name: string, values: readonly unknown[]): ArgumentError {
  const given = values.slice(0, values.findLastIndex((value) => value !== undefined) + 1);
  return new ArgumentError(`${name}: no form of it takes (${given.map(describe).join(", ")})`);
}
