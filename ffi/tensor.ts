/**
 * A tensor: a handle to one of libtorch's, with PyTorch's methods in camelCase.
 *
 * It lives until its scope ends (`scope.ts`), its arena is disposed (`arena.ts`), or `dispose` is called; using it afterwards is an error.
 */
import { deviceInUse, onDevice } from "./device";
import { type DType, dtypeOfArray, dtypeOfCode, dtypes, isDType, type NumericArray } from "./dtype";
import { ArgumentError } from "./errors";
import { check, checkCount, failure, loadNative } from "./load";
import { aten } from "./ops.gen";

/** A tensor, or a number that stands for one of its kind. */
export type Operand = Tensor | number;

export interface TensorOptions {
  dtype?: DType;
  /** `cpu`, `cuda:0`; the device in use where nothing is said. */
  device?: string;
}

interface Info {
  dtype: DType;
  device: string;
  requiresGrad: boolean;
  isLeaf: boolean;
  shape: readonly number[];
}

export class Tensor {
  #shape: readonly number[] | undefined;
  #dtype: DType | undefined;

  /** Made by operators only. */
  constructor(readonly handle: number) {}

  /**
   * Copies an array. Without `dtype` the array's own type is taken, f32 for `number[]`.
   * @param shape defaults to one dimension
   */
  static from(values: NumericArray | readonly number[], shape: readonly number[] = [values.length], options: TensorOptions = {}): Tensor {
    const array = ArrayBuffer.isView(values) ? (values as NumericArray) : arrayFor(values as readonly number[], options.dtype);
    const count = shape.reduce((a, b) => a * b, 1);
    if (count !== array.length) throw new ArgumentError(`Tensor.from: ${array.length} values do not fill [${shape.join(", ")}]`);
    const { device = deviceInUse() } = options;
    if (device !== deviceInUse()) return onDevice(device, () => Tensor.from(array, shape, options));
    const own = options.dtype === "bool" && (array instanceof Uint8Array || array instanceof Uint8ClampedArray) ? "bool" : dtypeOfArray(array);
    const { call, stream } = loadNative();
    for (let i = 0; i < shape.length; ++i) stream[i] = shape[i]!;
    const handle = call.ec_tensor_from(array, array, dtypes[own].code, shape.length);
    if (handle === 0) throw failure("Tensor.from");
    return settle(new Tensor(handle), own, options);
  }

  /** Copies raw bytes, as a file holds them. */
  static fromBytes(bytes: Uint8Array, shape: readonly number[], dtype: DType): Tensor {
    const { call, stream } = loadNative();
    for (let i = 0; i < shape.length; ++i) stream[i] = shape[i]!;
    const handle = call.ec_tensor_from(bytes, bytes, dtypes[dtype].code, shape.length);
    if (handle === 0) throw failure("Tensor.fromBytes");
    return new Tensor(handle);
  }

  static zeros(shape: readonly number[], options: TensorOptions = {}): Tensor {
    return aten.zeros(shape, { dtype: options.dtype ?? "f32", device: options.device });
  }
  static ones(shape: readonly number[], options: TensorOptions = {}): Tensor {
    return aten.ones(shape, { dtype: options.dtype ?? "f32", device: options.device });
  }
  static full(shape: readonly number[], value: number, options: TensorOptions = {}): Tensor {
    return aten.full(shape, value, { dtype: options.dtype ?? "f32", device: options.device });
  }
  static arange(end: number, options: TensorOptions = {}): Tensor {
    return aten.arange(end, { dtype: options.dtype ?? "i64", device: options.device });
  }
  static scalar(value: number, options: TensorOptions = {}): Tensor {
    return Tensor.full([], value, options);
  }
  static cat(tensors: readonly Tensor[], dim = 0): Tensor {
    return aten.cat(tensors, dim);
  }
  static stack(tensors: readonly Tensor[], dim = 0): Tensor {
    return aten.stack(tensors, dim);
  }

  #info(): Info {
    const { call, stream } = loadNative();
    check(call.ec_tensor_info(this.handle), "tensor");
    const type = stream[1] === 0 ? "cpu" : stream[1] === 1 ? `cuda:${stream[2]}` : `device ${stream[1]}`;
    return {
      dtype: dtypeOfCode(stream[0]!),
      device: type,
      requiresGrad: stream[3] === 1,
      isLeaf: stream[4] === 1,
      shape: Array.from(stream.subarray(6, 6 + stream[5]!)),
    };
  }

  get shape(): readonly number[] {
    this.#shape ??= this.#info().shape;
    return this.#shape;
  }
  get dtype(): DType {
    this.#dtype ??= this.#info().dtype;
    return this.#dtype;
  }
  get device(): string {
    return this.#info().device;
  }
  get requiresGrad(): boolean {
    return this.#info().requiresGrad;
  }
  get isLeaf(): boolean {
    return this.#info().isLeaf;
  }
  get ndim(): number {
    return this.shape.length;
  }
  get numel(): number {
    return this.shape.reduce((a, b) => a * b, 1);
  }
  /** Size of one dimension; negative counts from the end. */
  size(dim: number): number {
    const size = this.shape.at(dim);
    if (size === undefined) throw new ArgumentError(`size: dimension ${dim} of a tensor [${this.shape.join(", ")}]`);
    return size;
  }

  // --- values -------------------------------------------------------------------------------------------------------------------------------

  /** The raw bytes of the values, row-major. */
  toBytes(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.numel * dtypes[this.dtype].bytes);
    const { call } = loadNative();
    check(call.ec_tensor_read(this.handle, bytes, bytes), "reading a tensor");
    return bytes;
  }

  /** A copy of the values, row-major. f16 and bf16 come as f32; i64 as doubles, which hold whole numbers up to 2^53; bool as 0 and 1. */
  toArray(): Float32Array | Float64Array | Int32Array | Int16Array | Int8Array | Uint8Array {
    const dtype = this.dtype;
    if (dtype === "f16" || dtype === "bf16") {
      const wide = this.to("f32");
      try {
        return wide.toArray();
      } finally {
        wide.dispose();
      }
    }
    const { buffer } = this.toBytes();
    switch (dtype) {
      case "f32":
        return new Float32Array(buffer);
      case "f64":
        return new Float64Array(buffer);
      case "i32":
        return new Int32Array(buffer);
      case "i16":
        return new Int16Array(buffer);
      case "i8":
        return new Int8Array(buffer);
      case "i64":
        return Float64Array.from(new BigInt64Array(buffer), Number);
      default:
        return new Uint8Array(buffer);
    }
  }

  /** The value of a tensor of one element. Reading waits for the device. */
  item(): number {
    if (this.numel !== 1) throw new ArgumentError(`item: a tensor [${this.shape.join(", ")}] has ${this.numel} values, not one`);
    return this.toArray()[0]!;
  }

  // --- life ---------------------------------------------------------------------------------------------------------------------------------

  get live(): boolean {
    return checkCount(loadNative().call.ec_tensor_live(this.handle), "tensor") === 1;
  }
  /** Frees the handle now; a second time is nothing. Autograd keeps what it needs. */
  dispose(): void {
    check(loadNative().call.ec_tensor_release(this.handle), "dispose");
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
  toString(): string {
    return `Tensor [${this.shape.join(", ")}] ${this.dtype}`;
  }

  // --- autograd -----------------------------------------------------------------------------------------------------------------------------

  requiresGrad_(on = true): this {
    check(loadNative().call.ec_autograd_require(this.handle, on ? 1 : 0), "requiresGrad_");
    return this;
  }
  /** The gradient that backward left, or null. */
  get grad(): Tensor | null {
    const { call, header } = loadNative();
    const handle = call.ec_autograd_gradient(this.handle);
    if (handle === 0 && header[0] !== 0) throw failure("grad");
    return handle === 0 ? null : new Tensor(handle);
  }
  /** Adds the derivatives of this tensor to the `grad` of every leaf it depends on. */
  backward(gradient?: Tensor, options: { retainGraph?: boolean } = {}): void {
    check(loadNative().call.ec_autograd_backward(this.handle, gradient?.handle ?? 0, options.retainGraph ? 1 : 0), "backward");
  }
  zeroGrad(): void {
    const { call, stream } = loadNative();
    stream[0] = this.handle;
    check(call.ec_autograd_clear(1), "zeroGrad");
  }
  detach(): Tensor {
    return aten.detach(this);
  }

  // --- arithmetic ---------------------------------------------------------------------------------------------------------------------------

  add(other: Operand, options?: { alpha?: number }): Tensor {
    return typeof other === "number" ? aten.add(this, other, options?.alpha) : aten.add(this, other, options);
  }
  sub(other: Operand): Tensor {
    return typeof other === "number" ? aten.sub(this, other) : aten.sub(this, other);
  }
  mul(other: Operand): Tensor {
    return typeof other === "number" ? aten.mul(this, other) : aten.mul(this, other);
  }
  div(other: Operand): Tensor {
    return typeof other === "number" ? aten.div(this, other) : aten.div(this, other);
  }
  pow(exponent: Operand): Tensor {
    return typeof exponent === "number" ? aten.pow(this, exponent) : aten.pow(this, exponent);
  }
  neg(): Tensor {
    return aten.neg(this);
  }
  abs(): Tensor {
    return aten.abs(this);
  }
  sqrt(): Tensor {
    return aten.sqrt(this);
  }
  rsqrt(): Tensor {
    return aten.rsqrt(this);
  }
  exp(): Tensor {
    return aten.exp(this);
  }
  log(): Tensor {
    return aten.log(this);
  }
  sin(): Tensor {
    return aten.sin(this);
  }
  cos(): Tensor {
    return aten.cos(this);
  }
  tanh(): Tensor {
    return aten.tanh(this);
  }
  sigmoid(): Tensor {
    return aten.sigmoid(this);
  }
  relu(): Tensor {
    return aten.relu(this);
  }
  floor(): Tensor {
    return aten.floor(this);
  }
  round(): Tensor {
    return aten.round(this);
  }
  clamp(min: number | null, max: number | null = null): Tensor {
    return aten.clamp(this, min, max);
  }
  matmul(other: Tensor): Tensor {
    return aten.matmul(this, other);
  }
  add_(other: Operand, options?: { alpha?: number }): this {
    if (typeof other === "number") aten.add_(this, other, options?.alpha);
    else aten.add_(this, other, options);
    return this;
  }
  mul_(other: Operand): this {
    if (typeof other === "number") aten.mul_(this, other);
    else aten.mul_(this, other);
    return this;
  }
  copy_(source: Tensor): this {
    aten.copy_(this, source);
    this.#shape = undefined;
    return this;
  }
  fill_(value: number): this {
    aten.fill_(this, value);
    return this;
  }
  zero_(): this {
    aten.zero_(this);
    return this;
  }

  // --- comparison ---------------------------------------------------------------------------------------------------------------------------

  eq(other: Operand): Tensor {
    return typeof other === "number" ? aten.eq(this, other) : aten.eq(this, other);
  }
  ne(other: Operand): Tensor {
    return typeof other === "number" ? aten.ne(this, other) : aten.ne(this, other);
  }
  gt(other: Operand): Tensor {
    return typeof other === "number" ? aten.gt(this, other) : aten.gt(this, other);
  }
  ge(other: Operand): Tensor {
    return typeof other === "number" ? aten.ge(this, other) : aten.ge(this, other);
  }
  lt(other: Operand): Tensor {
    return typeof other === "number" ? aten.lt(this, other) : aten.lt(this, other);
  }
  le(other: Operand): Tensor {
    return typeof other === "number" ? aten.le(this, other) : aten.le(this, other);
  }
  logicalAnd(other: Tensor): Tensor {
    return aten.logicalAnd(this, other);
  }
  logicalOr(other: Tensor): Tensor {
    return aten.logicalOr(this, other);
  }
  logicalNot(): Tensor {
    return aten.logicalNot(this);
  }
  /** This tensor where `condition` holds, `other` elsewhere. */
  where(condition: Tensor, other: Operand): Tensor {
    return typeof other === "number" ? aten.where(condition, this, other) : aten.where(condition, this, other);
  }

  // --- shape --------------------------------------------------------------------------------------------------------------------------------

  reshape(shape: readonly number[]): Tensor {
    return aten.reshape(this, shape);
  }
  view(shape: readonly number[]): Tensor {
    return aten.view(this, shape);
  }
  permute(dims: readonly number[]): Tensor {
    return aten.permute(this, dims);
  }
  transpose(dim0: number, dim1: number): Tensor {
    return aten.transpose(this, dim0, dim1);
  }
  flatten(startDim = 0, endDim = -1): Tensor {
    return aten.flatten(this, startDim, endDim);
  }
  squeeze(dim: number): Tensor {
    return aten.squeeze(this, dim);
  }
  unsqueeze(dim: number): Tensor {
    return aten.unsqueeze(this, dim);
  }
  expand(shape: readonly number[]): Tensor {
    return aten.expand(this, shape);
  }
  contiguous(): Tensor {
    return aten.contiguous(this);
  }
  clone(): Tensor {
    return aten.clone(this);
  }
  unbind(dim = 0): Tensor[] {
    return aten.unbind(this, dim);
  }
  chunk(chunks: number, dim = 0): Tensor[] {
    return aten.chunk(this, chunks, dim);
  }
  /** Pieces of one size, or of the sizes given. */
  split(size: number | readonly number[], dim = 0): Tensor[] {
    return typeof size === "number" ? aten.split(this, size, dim) : aten.splitWithSizes(this, size, dim);
  }
  narrow(dim: number, start: number, length: number): Tensor {
    return aten.narrow(this, dim, start, length);
  }
  select(dim: number, index: number): Tensor {
    return aten.select(this, dim, index);
  }
  indexSelect(dim: number, index: Tensor): Tensor {
    return aten.indexSelect(this, dim, index);
  }
  /** Advanced indexing: a tensor or null a dimension. */
  index(indices: readonly (Tensor | null)[]): Tensor {
    return aten.index(this, indices);
  }
  gather(dim: number, index: Tensor): Tensor {
    return aten.gather(this, dim, index);
  }

  // --- reduction ----------------------------------------------------------------------------------------------------------------------------

  sum(dim?: number | readonly number[], keepdim = false): Tensor {
    return dim === undefined ? aten.sum(this) : aten.sum(this, list(dim), keepdim);
  }
  mean(dim?: number | readonly number[], keepdim = false): Tensor {
    return dim === undefined ? aten.mean(this) : aten.mean(this, list(dim), keepdim);
  }
  /** The largest value of all, or along `dim`. */
  max(dim?: number, keepdim = false): Tensor {
    return dim === undefined ? aten.max(this) : aten.amax(this, [dim], keepdim);
  }
  min(dim?: number, keepdim = false): Tensor {
    return dim === undefined ? aten.min(this) : aten.amin(this, [dim], keepdim);
  }
  argmax(dim?: number, keepdim = false): Tensor {
    return aten.argmax(this, dim ?? null, keepdim);
  }
  all(): Tensor {
    return aten.all(this);
  }
  any(): Tensor {
    return aten.any(this);
  }
  softmax(dim: number): Tensor {
    return aten.softmax(this, dim);
  }
  cumsum(dim: number): Tensor {
    return aten.cumsum(this, dim);
  }

  // --- type and device ----------------------------------------------------------------------------------------------------------------------

  /** As another element type (`"bf16"`) or on another device (`"cuda:0"`); the tensor itself where nothing changes. */
  to(target: DType | (string & {})): Tensor {
    if (isDType(target)) return target === this.dtype ? this : aten.to(this, target);
    if (target === this.device) return this;
    // What goes to a GPU has left this memory when the call returns, whether or not the GPU has got to it.
    return aten.to(this, target, this.dtype, target !== "cpu");
  }
}

const list = (dim: number | readonly number[]) => (typeof dim === "number" ? [dim] : dim);

function arrayFor(values: readonly number[], dtype: DType = "f32"): NumericArray {
  switch (dtype) {
    case "i64":
      return BigInt64Array.from(values, BigInt);
    case "i32":
      return Int32Array.from(values);
    case "i16":
      return Int16Array.from(values);
    case "i8":
      return Int8Array.from(values);
    case "u8":
    case "bool":
      return Uint8Array.from(values);
    case "f64":
      return Float64Array.from(values);
    default:
      return Float32Array.from(values);
  }
}

/** Brings a fresh tensor to the type and device asked for. */
function settle(tensor: Tensor, own: DType, { dtype = own, device = deviceInUse() }: TensorOptions): Tensor {
  let result = tensor;
  for (const target of [dtype, device]) {
    const next = result.to(target);
    if (next !== result) result.dispose();
    result = next;
  }
  return result;
}
