/**
 * Trading time for memory: a segment's intermediate tensors are dropped, and computed again when backward needs them.
 *
 * The native side records each operator call of the segment and replays the calls; no JavaScript runs in backward.
 */
import { ArgumentError } from "./errors";
import { check, checkCount, loadNative } from "./load";
import { collectTensors, scope } from "./scope";

/**
 * Runs `body` as one node of the graph that keeps only the tensors from outside that it used (parameters, inputs, skips).
 *
 * Inside, reading values and writing in place to outside tensors are refused; shapes may be read. Tensors of the segment that `body` does not
 * return cannot be used afterwards. A checkpoint inside another is part of it. Without grad mode it only runs `body` in a scope.
 * @returns what `body` returns, with the gradients it would have had, equal to the bit
 */
export function checkpoint<T>(body: () => T): T {
  const { call, stream } = loadNative();
  return scope(() => {
    if (checkCount(call.ec_checkpoint_begin(), "checkpoint") === 0) return body();
    let ended = false;
    try {
      const result = body();
      if (result instanceof Promise) throw new ArgumentError("checkpoint: the body returned a promise; a segment cannot span an await");
      let count = 0;
      for (const { handle } of collectTensors(result)) stream[count++] = handle;
      ended = true;
      check(call.ec_checkpoint_end(count), "checkpoint");
      return result;
    } finally {
      if (!ended) call.ec_checkpoint_abort();
    }
  });
}

/**
 * Runs `body` outside the record, for tensors that do not depend on the segment's values: building the index of a coordinate set, which
 * reads coordinates back. What it makes counts as coming from outside. Using tensors that the segment computed is refused.
 */
export function pauseRecording<T>(body: () => T): T {
  const { call } = loadNative();
  const before = checkCount(call.ec_checkpoint_pause(1), "checkpoint");
  try {
    return body();
  } finally {
    checkCount(call.ec_checkpoint_pause(before), "checkpoint");
  }
}
