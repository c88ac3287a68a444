/**
 * What a program computes and how long it takes, in Chrome's trace event format: EARTHCRAFT_TRACE names the file, which chrome://tracing and Perfetto open.
 *
 * Every operator is an event with its shapes and the bytes in them. On a GPU every operator is waited for: its time is seen, the whole takes longer.
 */
import { check, loadNative, nativeLoaded } from "./load";

/** Appends what comes to a file, which other processes may write to as well. */
export function startTrace(path: string): void {
  check(loadNative().call.ec_trace_start(path), "trace");
}

export function stopTrace(): void {
  if (nativeLoaded()) check(loadNative().call.ec_trace_stop(), "trace");
}

/** Runs `body` as one event around its operators; nothing but `body` where no trace is written. A span cannot span an `await`. */
export function span<T>(name: string, body: () => T): T {
  const { call } = loadNative();
  call.ec_trace_begin(name);
  try {
    return body();
  } finally {
    call.ec_trace_end();
  }
}
