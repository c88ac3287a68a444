/** Opens the library for GPUs and prints what the first GPU is called. Run by `probe.ts` in a process of its own. */
import { deviceName, useDevice } from "../../ffi/device";

try {
  useDevice("cuda:0");
  console.log(deviceName());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
