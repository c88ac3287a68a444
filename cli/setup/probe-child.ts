/** Opens one native library and prints what it says of itself. Run by `probe.ts` in a process of its own. */
import { dlopen, FFIType } from "bun:ffi";

const [library] = process.argv.slice(2);
if (!library) throw new Error("usage: probe-child.ts LIBRARY");
const { symbols } = dlopen(library, { ec_abi_version: { args: [], returns: FFIType.u32 } });
console.log(`opens, interface ${symbols.ec_abi_version()}`);
