/**
 * Fills the memory that the library keeps for reuse, lets the address space end a little beyond, and prints as JSON what comes of asking for more.
 */
import { dlopen, ptr } from "bun:ffi";
import { readFileSync } from "node:fs";
import { memory, ops, scope, setThreads, Tensor, TensorError, trimMemory } from "../ffi";

const RLIMIT_AS = 9;
const MB = 2 ** 20;

setThreads(1);
const { symbols } = dlopen("libc.so.6", { setrlimit: { args: ["i32", "ptr"], returns: "i32" } });
const addressSpace = () => Number(/VmSize:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))![1]) * 1024;
const limitTo = (more: number) => {
  const bytes = BigInt(addressSpace() + more);
  if (symbols.setrlimit(RLIMIT_AS, ptr(new BigUint64Array([bytes, 2n ** 64n - 1n]))) !== 0) throw new Error("setrlimit");
};
const floats = (megabytes: number) => ops.aten.empty([(megabytes * MB) / 4]);

const answers: Record<string, unknown> = {};
const rows = ops.aten.zeros([400_000, 4], { dtype: "i32" });
scope(() => void ops.earthcraft.voxelUnique(rows)); // threads and their stacks are there before the end is near
trimMemory();

/** Keeps so many megabytes of freed blocks. */
const fill = (megabytes: number) => scope(() => void Array.from({ length: megabytes / 50 }, () => floats(50)));

fill(700);
limitTo(40 * MB);
answers.kept = memory().cachedBytes > 600 * MB;
scope(() => void floats(690)); // does not fit beside what would be kept
answers.large = memory().cachedBytes < 800 * MB; // itself

trimMemory();
fill(600);
limitTo(4 * MB);
scope(() => void ops.earthcraft.voxelUnique(rows)); // its working memory is in vectors, not in tensors
answers.vectors = memory().cachedBytes < 100 * MB;

const held = floats(50);
try {
  ops.aten.repeatInterleave(held, 100, 0);
} catch (error) {
  answers.told = error instanceof TensorError ? `${error.kind}: ${error.message}` : String(error);
}
answers.inUse = memory().liveBytes;
answers.after = [...Tensor.from([1, 2]).add(1).toArray()];
console.log(JSON.stringify(answers));
