/** The GPU of this machine, for tests that need one. */
import { nativePath } from "../../cli/setup/native-path";
import { probeGpu } from "../../cli/setup/probe";

// Asked in a child: libtorch's half for GPUs is a gigabyte that the test itself may not need.
const library = nativePath();
const verdict = library === undefined ? { ok: false, detail: "the native library is not built: earthcraft setup --cuda" } : probeGpu(library);

export const gpuName = verdict.ok ? verdict.detail : undefined;
/** Why there is none, for `skipUnless`. */
export const noGpu = verdict.ok ? "" : verdict.detail;
/** Of `emulated/`: the processor's own kernels, called one by one. */
export const isEmulated = gpuName?.startsWith("emulated") ?? false;
