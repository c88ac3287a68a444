/** Mixed precision as a guard around a step. */
import { deviceType } from "./device";
import { type DType, dtypes } from "./dtype";
import { ArgumentError } from "./errors";
import { check, loadNative } from "./load";

const DEVICE_TYPES = { cpu: 0, cuda: 1 } as const;

/**
 * Runs `body` with matrix products and convolutions in `dtype`, sums and losses in f32, as PyTorch's autocast. `off` runs it in the operands' own types.
 * The cache of cast weights is dropped at the end: weights change after a step, and a cast from before would be served again.
 */
export function autocast<T>(dtype: "bf16" | "f16" | "off", body: () => T, device: keyof typeof DEVICE_TYPES = deviceType()): T {
  const { call } = loadNative();
  const code = dtype === "off" ? -1 : dtypes[dtype satisfies DType].code;
  check(call.ec_autocast_push(DEVICE_TYPES[device], code), "autocast");
  try {
    const result = body();
    if (result instanceof Promise) throw new ArgumentError("autocast: the body returned a promise; a mode cannot span an await");
    return result;
  } finally {
    check(call.ec_autocast_pop(), "autocast");
  }
}
