/** Modes and derivatives. */
import { ArgumentError } from "./errors";
import { check, checkCount, loadNative } from "./load";
import { Tensor } from "./tensor";

function withGradMode<T>(on: boolean, body: () => T): T {
  const { call } = loadNative();
  const before = checkCount(call.ec_autograd_enable(on ? 1 : 0), "autograd");
  try {
    const result = body();
    if (result instanceof Promise)
      throw new ArgumentError(`${on ? "enableGrad" : "noGrad"}: the body returned a promise; a mode cannot span an await`);
    return result;
  } finally {
    checkCount(call.ec_autograd_enable(before), "autograd");
  }
}

/** Runs `body` without recording for backward. */
export function noGrad<T>(body: () => T): T {
  return withGradMode(false, body);
}

export function enableGrad<T>(body: () => T): T {
  return withGradMode(true, body);
}

/**
 * Gradients of `outputs` with respect to `inputs`, not accumulated anywhere.
 * @param gradOutputs one an output; null stands for ones, where the output has one element
 * @returns null for an input that no output depends on
 */
export function grad(
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  gradOutputs: readonly (Tensor | null)[] = outputs.map(() => null),
  options: { createGraph?: boolean } = {},
): (Tensor | null)[] {
  if (gradOutputs.length !== outputs.length) throw new ArgumentError(`grad: ${outputs.length} outputs, ${gradOutputs.length} gradients`);
  const { call, stream } = loadNative();
  let at = 0;
  for (const list of [outputs, gradOutputs, inputs]) for (const item of list) stream[at++] = item === null ? 0 : item.handle;
  check(call.ec_autograd_grad(outputs.length, inputs.length, options.createGraph ? 1 : 0), "grad");
  return Array.from(stream.subarray(0, inputs.length), (handle) => (handle === 0 ? null : new Tensor(handle)));
}
