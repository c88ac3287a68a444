/** Element types, by the short names used everywhere, with libtorch's numbers and safetensors' names. */

export const dtypes = {
  u8: { code: 0, bytes: 1, safetensors: "U8" },
  i8: { code: 1, bytes: 1, safetensors: "I8" },
  i16: { code: 2, bytes: 2, safetensors: "I16" },
  i32: { code: 3, bytes: 4, safetensors: "I32" },
  i64: { code: 4, bytes: 8, safetensors: "I64" },
  f16: { code: 5, bytes: 2, safetensors: "F16" },
  f32: { code: 6, bytes: 4, safetensors: "F32" },
  f64: { code: 7, bytes: 8, safetensors: "F64" },
  bool: { code: 11, bytes: 1, safetensors: "BOOL" },
  bf16: { code: 15, bytes: 2, safetensors: "BF16" },
} as const;

export type DType = keyof typeof dtypes;

const byCode = new Map<number, DType>(Object.entries(dtypes).map(([name, { code }]) => [code, name as DType]));

export function isDType(value: unknown): value is DType {
  return typeof value === "string" && Object.hasOwn(dtypes, value);
}

/** @throws for a type of libtorch's that earthcraft does not use (complex, quantized) */
export function dtypeOfCode(code: number): DType {
  const dtype = byCode.get(code);
  if (dtype === undefined) throw new RangeError(`libtorch's element type ${code} is not one of earthcraft's`);
  return dtype;
}

export type NumericArray = Float32Array | Float64Array | Int8Array | Uint8Array | Uint8ClampedArray | Int16Array | Int32Array | BigInt64Array;

/** The element type that an array's values have as they are. */
export function dtypeOfArray(array: NumericArray): DType {
  if (array instanceof Float32Array) return "f32";
  if (array instanceof Float64Array) return "f64";
  if (array instanceof Int8Array) return "i8";
  if (array instanceof Uint8Array || array instanceof Uint8ClampedArray) return "u8";
  if (array instanceof Int16Array) return "i16";
  if (array instanceof Int32Array) return "i32";
  if (array instanceof BigInt64Array) return "i64";
  throw new TypeError(`no element type for a ${Object.prototype.toString.call(array).slice(8, -1)}`);
}
