/**
 * Opens the native library on first use, and not before: counting parameters or printing help needs none.
 *
 * The library is EARTHCRAFT_NATIVE, which the launcher sets to what `earthcraft setup` built.
 */
import { dlopen, FFIType, toArrayBuffer } from "bun:ffi";
import { TensorError, tensorError } from "./errors";

export const ABI_VERSION = 3;

/** Words before the stream in a thread's frame, words of the stream, bytes of the message after it: include/earthcraft.h. */
export const HEADER_WORDS = 16;
export const STREAM_WORDS = 131072;
export const MESSAGE_BYTES = 8192;

const { i32, u32, f64, ptr, cstring } = FFIType;
// A view is passed twice: its pointer and its length are then taken together.
const buffer = "buffer";
const buffer_length = "buffer_length";

/** The C ABI as bun:ffi sees it. */
export const symbols = {
  ec_abi_version: { args: [], returns: i32 },
  ec_frame: { args: [], returns: ptr },
  ec_control: { args: [], returns: ptr },
  ec_init: { args: [], returns: i32 },
  ec_control_cancel_on_signals: { args: [i32], returns: i32 },
  ec_threads_set: { args: [i32], returns: i32 },
  ec_threads_get: { args: [], returns: i32 },
  ec_memory: { args: [], returns: i32 },
  ec_memory_trim: { args: [], returns: i32 },
  ec_memory_reset_peak: { args: [], returns: i32 },
  ec_device_use: { args: [cstring], returns: i32 },
  ec_device_count: { args: [], returns: i32 },
  ec_device_name: { args: [i32], returns: i32 },
  ec_device_synchronize: { args: [i32], returns: i32 },
  ec_device_memory: { args: [i32], returns: i32 },
  ec_device_reset_peak: { args: [i32], returns: i32 },
  ec_device_empty_cache: { args: [], returns: i32 },
  ec_operator_find: { args: [cstring], returns: i32 },
  ec_operator_schema: { args: [i32], returns: i32 },
  ec_operator_flags: { args: [i32], returns: i32 },
  ec_call: { args: [i32, i32], returns: u32 },
  ec_tensor_from: { args: [buffer, buffer_length, i32, i32], returns: u32 },
  ec_tensor_map: { args: [cstring, f64, f64, i32, i32], returns: u32 },
  ec_tensor_info: { args: [u32], returns: i32 },
  ec_tensor_read: { args: [u32, buffer, buffer_length], returns: i32 },
  ec_tensor_free: { args: [i32], returns: i32 },
  ec_tensor_release: { args: [u32], returns: i32 },
  ec_tensor_live: { args: [u32], returns: i32 },
  ec_scope_push: { args: [], returns: i32 },
  ec_scope_pop: { args: [i32, i32], returns: i32 },
  ec_scope_keep_with: { args: [u32, i32], returns: i32 },
  ec_arena_new: { args: [], returns: u32 },
  ec_arena_adopt: { args: [u32, i32], returns: i32 },
  ec_arena_free: { args: [u32], returns: i32 },
  ec_autograd_enable: { args: [i32], returns: i32 },
  ec_autograd_require: { args: [u32, i32], returns: i32 },
  ec_autograd_backward: { args: [u32, u32, i32], returns: i32 },
  ec_autograd_grad: { args: [i32, i32, i32], returns: i32 },
  ec_autograd_gradient: { args: [u32], returns: u32 },
  ec_autograd_clear: { args: [i32], returns: i32 },
  ec_autocast_push: { args: [i32, i32], returns: i32 },
  ec_autocast_pop: { args: [], returns: i32 },
  ec_checkpoint_begin: { args: [], returns: i32 },
  ec_checkpoint_end: { args: [i32], returns: i32 },
  ec_checkpoint_abort: { args: [], returns: i32 },
  ec_checkpoint_pause: { args: [i32], returns: i32 },
  ec_trace_start: { args: [cstring], returns: i32 },
  ec_trace_begin: { args: [cstring], returns: i32 },
  ec_trace_end: { args: [], returns: i32 },
  ec_trace_stop: { args: [], returns: i32 },
  ec_dist_init: { args: [cstring, i32, i32, i32], returns: i32 },
  ec_dist_shutdown: { args: [], returns: i32 },
  ec_dist_all_reduce: { args: [i32, i32], returns: i32 },
  ec_dist_broadcast: { args: [i32, i32], returns: i32 },
  ec_dist_barrier: { args: [], returns: i32 },
  ec_dist_average_gradients: { args: [i32], returns: i32 },
} as const;

type Symbols = ReturnType<typeof dlopen<typeof symbols>>["symbols"];

export interface Native {
  readonly call: Symbols;
  /** The frame's stream of doubles. Native memory, mapped once: a pointer to a JavaScript array would go stale when code is compiled. */
  readonly stream: Float64Array;
  readonly streamBytes: Uint8Array;
  /** Status and message length of the last failure, number of values of the last call. */
  readonly header: Float64Array;
  /** Text of the last failure. */
  message(): string;
}

let native: Native | undefined;

/** Where tensors are made until `useDevice` says otherwise: EARTHCRAFT_DEVICE, which the host sets for the processes that stages run in. */
export function firstDevice(): string {
  const device = process.env.EARTHCRAFT_DEVICE || "cpu";
  return device === "cuda" ? "cuda:0" : device;
}

export function nativeLoaded(): boolean {
  return native !== undefined;
}

/** @throws when the library is missing or speaks another interface; the message says what to run */
export function loadNative(): Native {
  if (native !== undefined) return native;
  const path = process.env.EARTHCRAFT_NATIVE;
  if (!path)
    throw new TensorError("unsupported", "the native library is not built: run `earthcraft setup`, or set EARTHCRAFT_NATIVE to a libearthcraft.so");
  let call: Symbols;
  try {
    call = dlopen(path, symbols).symbols;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TensorError("unsupported", `${path} does not open: ${reason}. Run \`earthcraft setup\` to build it anew`);
  }
  const version = call.ec_abi_version();
  if (version !== ABI_VERSION)
    throw new TensorError("unsupported", `${path} speaks interface ${version}, this program ${ABI_VERSION}: run \`earthcraft setup\``);
  const block = call.ec_frame();
  if (block === null) throw new TensorError("out of memory", "no memory for the frame");
  const bytes = 8 * (HEADER_WORDS + STREAM_WORDS) + MESSAGE_BYTES;
  const memory = toArrayBuffer(block, 0, bytes);
  const header = new Float64Array(memory, 0, HEADER_WORDS);
  const text = new Uint8Array(memory, 8 * (HEADER_WORDS + STREAM_WORDS), MESSAGE_BYTES);
  const decoder = new TextDecoder();
  const opened: Native = {
    call,
    header,
    stream: new Float64Array(memory, 8 * HEADER_WORDS, STREAM_WORDS),
    streamBytes: new Uint8Array(memory, 8 * HEADER_WORDS, 8 * STREAM_WORDS),
    message: () => decoder.decode(text.subarray(0, header[1])),
  };
  const status = call.ec_init();
  if (status !== 0) throw tensorError(status, opened.message());
  if (call.ec_device_use(firstDevice()) !== 0) throw tensorError(header[0]!, `device: ${opened.message()}`);
  const trace = process.env.EARTHCRAFT_TRACE;
  if (trace && call.ec_trace_start(trace) !== 0) throw tensorError(header[0]!, opened.message());
  native = opened;
  return opened;
}

/** Throws what the frame says when an export failed. */
export function check(status: number, what: string): void {
  if (status !== 0) throw failure(what);
}

/** @returns the count, when it is one */
export function checkCount(count: number, what: string): number {
  if (count < 0) throw failure(what);
  return count;
}

export function failure(what: string): TensorError {
  const { header, message } = loadNative();
  return tensorError(header[0]!, `${what}: ${message()}`);
}

/** Threads inside one operator. Set once, by the rank process and by tests that are about threads. */
export function setThreads(threads: number): void {
  if (!Number.isInteger(threads)) throw new TensorError("argument", `threads: expected a whole number, got ${threads}`);
  check(loadNative().call.ec_threads_set(threads), "threads");
}

export function threads(): number {
  return checkCount(loadNative().call.ec_threads_get(), "threads");
}

/** The flag that makes long native loops end with "cancelled"; index 0 of the process-wide control block. */
export function cancelFlag(): Int32Array {
  const block = loadNative().call.ec_control();
  if (block === null) throw new TensorError("internal", "no control block");
  return new Int32Array(toArrayBuffer(block, 0, 64));
}

/**
 * Lets SIGINT and SIGTERM raise the cancel flag even while a native call blocks JavaScript. Handlers that `process.on` installed before still run;
 * one installed afterwards takes this one's place.
 */
export function cancelOnSignals(on: boolean): void {
  check(loadNative().call.ec_control_cancel_on_signals(on ? 1 : 0), "signals");
}

export interface MemoryStatistics {
  /** Tensors and arenas that hold a handle. */
  liveHandles: number;
  /** Bytes of CPU tensors alive now, at their peak, and freed but kept for reuse. */
  liveBytes: number;
  peakBytes: number;
  cachedBytes: number;
}

export function memory(): MemoryStatistics {
  const { call, stream } = loadNative();
  check(call.ec_memory(), "memory");
  return { liveHandles: stream[0]!, liveBytes: stream[1]!, peakBytes: stream[2]!, cachedBytes: stream[3]! };
}

/** Gives memory that is kept for reuse back to the system. */
export function trimMemory(): void {
  check(loadNative().call.ec_memory_trim(), "memory");
}

export function resetPeakMemory(): void {
  check(loadNative().call.ec_memory_reset_peak(), "memory");
}
