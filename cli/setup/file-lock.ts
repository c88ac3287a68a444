/** An exclusive lock on a file, held while a function runs; the kernel frees it when the process dies. */
import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { tryLock } from "../runs/libc";

const RETRY_MS = 100;

/**
 * Waits as long as another process holds the lock; asks again rather than block, so that Ctrl-C is answered.
 * @param waiting called once when it is not free at once
 */
export async function withFileLock<T>(path: string, body: () => Promise<T>, waiting?: () => void): Promise<T> {
  mkdirSync(dirname(path), { recursive: true });
  const fd = openSync(path, "a");
  try {
    if (!tryLock(fd, "exclusive")) {
      waiting?.();
      while (!tryLock(fd, "exclusive")) await Bun.sleep(RETRY_MS);
    }
    return await body();
  } finally {
    closeSync(fd);
  }
}
