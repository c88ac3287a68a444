/** Failures of the tensor library. A message says what did not fit: the operator, its operands' dtypes and shapes, then the reason. */

/** Kinds of failure, in the order of `ec_status` (include/earthcraft.h). */
export const errorKinds = [
  "ok",
  "shape",
  "dtype",
  "index",
  "stale handle",
  "foreign handle",
  "out of memory",
  "i/o",
  "cancelled",
  "cuda lost",
  "internal",
  "argument",
  "unsupported",
  "checkpoint",
  "thread",
] as const;
export type ErrorKind = (typeof errorKinds)[number];

export class TensorError extends Error {
  override readonly name: string = "TensorError";
  constructor(
    readonly kind: ErrorKind,
    message: string,
  ) {
    super(message);
  }
}

/** Shapes that do not fit together. */
export class ShapeError extends TensorError {
  override readonly name = "ShapeError";
  constructor(message: string) {
    super("shape", message);
  }
}

/** An argument of the wrong type or value, found before anything native ran. */
export class ArgumentError extends TensorError {
  override readonly name = "ArgumentError";
  constructor(message: string) {
    super("argument", message);
  }
}

export function tensorError(status: number, message: string): TensorError {
  const kind = errorKinds[status] ?? "internal";
  if (kind === "shape") return new ShapeError(message);
  if (kind === "argument") return new ArgumentError(message);
  return new TensorError(kind, message);
}
