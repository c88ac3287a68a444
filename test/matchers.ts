/** Matchers for tensors: `expect(t).toBeCloseToTensor(other, { rtol })`, `expect(t).toEqualTensor(other)`. Import this file for its effect. */
import { expect } from "bun:test";
import { Tensor } from "../ffi";

interface Tolerance {
  rtol?: number;
  atol?: number;
}

interface TensorMatchers<R> {
  /** Same shape, and |a − b| ≤ atol + rtol·|b| everywhere; equal infinities agree, NaN does not. */
  toBeCloseToTensor(expected: Tensor | ArrayLike<number>, tolerance?: Tolerance): R;
  /** Same shape, dtype and bits. */
  toEqualTensor(expected: Tensor): R;
}

declare module "bun:test" {
  interface Matchers<T> extends TensorMatchers<T> {}
  interface AsymmetricMatchers extends TensorMatchers<void> {}
}

const shapeOf = (t: Tensor) => `[${t.shape.join(", ")}]`;

/** Row-major position as indices, for a message that can be followed. */
function place(i: number, shape: readonly number[]): string {
  const index: number[] = [];
  let rest = i;
  for (const size of [...shape].reverse()) {
    index.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return `[${index.join(", ")}]`;
}

expect.extend({
  toBeCloseToTensor(received: unknown, expected: Tensor | ArrayLike<number>, { rtol = 1e-5, atol = 1e-8 }: Tolerance = {}) {
    if (!(received instanceof Tensor)) return { pass: false, message: () => "expected a tensor" };
    if (expected instanceof Tensor && shapeOf(expected) !== shapeOf(received))
      return { pass: false, message: () => `expected shape ${shapeOf(expected)}, got ${shapeOf(received)}` };
    const a = received.toArray();
    const b = expected instanceof Tensor ? expected.toArray() : expected;
    if (a.length !== b.length) return { pass: false, message: () => `expected ${b.length} values, got ${a.length}` };
    let wrong = 0;
    let worst = -1;
    let worstExcess = -1;
    for (let i = 0; i < a.length; ++i) {
      const x = a[i]!;
      const y = b[i]!;
      if (x === y) continue;
      const excess = Math.abs(x - y) / (atol + rtol * Math.abs(y));
      if (excess <= 1) continue;
      wrong++;
      if (worst < 0 || excess > worstExcess || Number.isNaN(excess)) [worst, worstExcess] = [i, excess];
    }
    return {
      pass: wrong === 0,
      message: () =>
        wrong === 0
          ? `expected tensors to differ by more than rtol ${rtol}, atol ${atol}`
          : `${wrong} of ${a.length} values differ by more than rtol ${rtol}, atol ${atol}; worst at ${place(worst, received.shape)}: ${a[worst]}, expected ${b[worst]}`,
    };
  },
  toEqualTensor(received: unknown, expected: Tensor) {
    if (!(received instanceof Tensor)) return { pass: false, message: () => "expected a tensor" };
    if (shapeOf(expected) !== shapeOf(received) || expected.dtype !== received.dtype)
      return { pass: false, message: () => `expected ${shapeOf(expected)} ${expected.dtype}, got ${shapeOf(received)} ${received.dtype}` };
    const pass = Buffer.compare(received.toBytes(), expected.toBytes()) === 0;
    const first = pass ? -1 : received.toArray().findIndex((value, i) => !Object.is(value, expected.toArray()[i]));
    return {
      pass,
      message: () =>
        pass
          ? "expected tensors to differ in some bit"
          : `tensors differ, first at ${place(Math.max(0, first), received.shape)}: ${received.toArray()[first]}, expected ${expected.toArray()[first]}`,
    };
  },
});
