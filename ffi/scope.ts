/**
 * Scopes are the memory manager: what is made inside one is freed when it ends, but for what it returns.
 *
 * The garbage collector cannot do this: finalizers do not run inside synchronous code, and it does not see a tensor's bytes.
 */
import { ArgumentError } from "./errors";
import { check, checkCount, loadNative, STREAM_WORDS } from "./load";
import { Tensor } from "./tensor";

/** Something that owns tensors and can list them, such as a sparse tensor or a module. */
export interface HasTensors {
  tensors(): readonly Tensor[];
}

/**
 * Runs `body` and frees all tensors made in it but those in its result: a tensor, or arrays, maps, plain objects and things with `tensors()` that hold some.
 * Freeing never breaks autograd, which keeps what it needs. A scope cannot span an `await`.
 */
export function scope<T>(body: () => T): T {
  const { call, stream } = loadNative();
  const depth = checkCount(call.ec_scope_push(), "scope");
  let kept = 0;
  try {
    const result = body();
    if (result instanceof Promise) throw new ArgumentError("scope: the body returned a promise; a scope cannot span an await");
    const handles = collectTensors(result);
    if (handles.size > STREAM_WORDS) throw new ArgumentError(`scope: ${handles.size} tensors returned; hold them in an arena`);
    for (const { handle } of handles) stream[kept++] = handle;
    return result;
  } catch (error) {
    kept = 0;
    throw error;
  } finally {
    check(call.ec_scope_pop(depth, kept), "scope");
  }
}

/** Lets all tensors in `value` live as long as `companion` does, whoever owns it: for what is computed once about a tensor and remembered beside it. */
export function keepWith<T>(companion: Tensor, value: T): T {
  const { call, stream } = loadNative();
  let count = 0;
  for (const { handle } of collectTensors(value)) stream[count++] = handle;
  check(call.ec_scope_keep_with(companion.handle, count), "keepWith");
  return value;
}

/** All tensors in a tree of arrays, maps, plain objects and things with `tensors()`. */
export function collectTensors(value: unknown, found = new Set<Tensor>()): Set<Tensor> {
  if (value instanceof Tensor) found.add(value);
  else if (Array.isArray(value)) for (const item of value) collectTensors(item, found);
  else if (value instanceof Map || value instanceof Set) for (const item of value.values()) collectTensors(item, found);
  else if (typeof value === "object" && value !== null) {
    if ("tensors" in value && typeof value.tensors === "function") for (const item of (value as HasTensors).tensors()) found.add(item);
    else if (Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null)
      for (const item of Object.values(value)) collectTensors(item, found);
  }
  return found;
}
