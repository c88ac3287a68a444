/** Mixed precision as a guard around a step. */
import { deviceType } from "./device";
import { type DType, dtypes } from "./dtype";
import { ArgumentError } from "./errors";
import { check, loadNative } from "./load";

const DEVICE_TYPES = { cpu: 0, cuda: 1 } as const;

/** What surrounds the running code, the innermost last. */
const around: ("bf16" | "f16" | "off")[] = [];

/**
 * The type that matrix products run in just now; undefined where they run in their operands' own. A norm that only feeds products can give it at once:
 * the products would round to it anyway.
 */
export function autocastType(): "bf16" | "f16" | undefined {
  const dtype = around.at(-1);
  return dtype === "off" ? undefined : dtype;
}

/**
 * Runs `body` with matrix products and convolutions in `dtype`, sums and losses in f32, as PyTorch's autocast. `off` runs it in the operands' own types.
 * The cache of cast weights is dropped at the end: weights change after a step, and a cast from before would be served again.
 */
export function autocast<T>(dtype: "bf16" | "f16" | "off", body: () => T, device: keyof typeof DEVICE_TYPES = deviceType()): T {
  const { call } = loadNative();
  const code = dtype === "off" ? -1 : dtypes[dtype satisfies DType].code;
  check(call.ec_autocast_push(DEVICE_TYPES[device], code), "autocast");
  around.push(dtype);
  try {
    const result = body();
    if (result instanceof Promise) throw new ArgumentError("autocast: the body returned a promise; a mode cannot span an await");
    return result;
  } finally {
    around.pop();
    check(call.ec_autocast_pop(), "autocast");
  }
}
