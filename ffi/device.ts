/**
 * Where tensors live. New ones come to life on the device in use, the processor unless `useDevice` chose a GPU: what is made of an array, by an
 * operator that takes no tensor (`zeros`, `arange`), or of random numbers. An operator's results lie where its operands do.
 */
import { ArgumentError } from "./errors";
import { check, checkCount, firstDevice, loadNative } from "./load";

let inUse = firstDevice();

/**
 * Chooses where new tensors are made.
 * @param device `cpu`, `cuda` (the first GPU) or `cuda:1`. A process that wants a GPU says so before its first gradient.
 * @throws when the driver, the GPU or earthcraft's CUDA library is missing; the message says which, and what to do
 */
export function useDevice(device: string): void {
  const name = device === "cuda" ? "cuda:0" : device;
  check(loadNative().call.ec_device_use(name), "device");
  inUse = name;
}

/** `cpu` or `cuda:0`. */
export function deviceInUse(): string {
  return inUse;
}

/** Runs `body` with new tensors on another device. */
export function onDevice<T>(device: string, body: () => T): T {
  const before = inUse;
  useDevice(device);
  try {
    const result = body();
    if (result instanceof Promise) throw new ArgumentError("onDevice: the body returned a promise; a device cannot span an await");
    return result;
  } finally {
    useDevice(before);
  }
}

export function deviceType(device = inUse): "cpu" | "cuda" {
  return device.startsWith("cuda") ? "cuda" : "cpu";
}

/** GPUs of this machine. @throws as `useDevice` when none can be used */
export function deviceCount(): number {
  return checkCount(loadNative().call.ec_device_count(), "device");
}

/** As the driver calls it: `NVIDIA H100 80GB HBM3, compute capability 9.0`. */
export function deviceName(device = inUse): string {
  const native = loadNative();
  check(native.call.ec_device_name(ordinal(device)), "device");
  return native.message();
}

/** Waits until a GPU has done all it was given. Reading a value does so as well. */
export function synchronize(device = inUse): void {
  if (deviceType(device) === "cuda") check(loadNative().call.ec_device_synchronize(ordinal(device)), "synchronize");
}

export interface DeviceMemory {
  /** Bytes of tensors alive now, at their peak, and freed but kept for reuse. */
  liveBytes: number;
  peakBytes: number;
  cachedBytes: number;
  /** Of the card, whoever uses it. */
  freeBytes: number;
  totalBytes: number;
}

export function deviceMemory(device = inUse): DeviceMemory {
  const { call, stream } = loadNative();
  check(call.ec_device_memory(ordinal(device)), "device memory");
  const [liveBytes, peakBytes, cachedBytes, freeBytes, totalBytes] = stream.subarray(0, 5) as unknown as [number, number, number, number, number];
  return { liveBytes, peakBytes, cachedBytes, freeBytes, totalBytes };
}

export function resetPeakDeviceMemory(device = inUse): void {
  check(loadNative().call.ec_device_reset_peak(ordinal(device)), "device memory");
}

/** Gives memory that is kept for reuse back to the card. */
export function emptyDeviceCache(): void {
  check(loadNative().call.ec_device_empty_cache(), "device memory");
}

function ordinal(device: string): number {
  const [, number] = /^cuda(?::(\d+))?$/.exec(device) ?? [undefined, undefined];
  if (deviceType(device) !== "cuda") throw new ArgumentError(`device ${JSON.stringify(device)} is no GPU`);
  return Number(number ?? 0);
}
