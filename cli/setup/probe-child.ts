/** Opens one native library and prints what it says of itself. Run by `probe.ts` in a process of its own. */
import { dlopen, FFIType } from "bun:ffi";

const library = process.argv[2] ?? "";
try {
  const { symbols } = dlopen(library, {
    ec_abi_version: { args: [], returns: FFIType.i32 },
    ec_init: { args: [], returns: FFIType.i32 },
    ec_operator_find: { args: [FFIType.cstring], returns: FFIType.i32 },
  });
  const status = symbols.ec_init();
  if (status !== 0) throw new Error(`ec_init answers ${status}`);
  if (symbols.ec_operator_find(Buffer.from("aten::add.Tensor\0")) < 0) throw new Error("libtorch has no operator aten::add.Tensor");
  console.log(`opens, interface ${symbols.ec_abi_version()}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
