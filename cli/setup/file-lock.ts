/** An exclusive lock on a file (flock), held while a function runs; the kernel frees it when the process dies. */
import { dlopen, FFIType } from "bun:ffi";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";

const LOCK_EX = 2;
const LOCK_NB = 4;
const RETRY_MS = 100;

/** Waits as long as another process holds the lock; asks again rather than block, so that Ctrl-C is answered. */
export async function withFileLock<T>(path: string, body: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(path), { recursive: true });
  const fd = openSync(path, "a");
  try {
    const { flock } = dlopen(libc(), { flock: { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 } }).symbols;
    while (flock(fd, LOCK_EX | LOCK_NB) !== 0) await Bun.sleep(RETRY_MS);
    return await body();
  } finally {
    closeSync(fd);
  }
}

function libc(): string {
  const musl = [...new Bun.Glob("ld-musl-*.so.1").scanSync({ cwd: "/lib" })][0];
  return musl ? `/lib/${musl}` : "libc.so.6";
}
