/** The few calls of Linux's C library that Bun has no name for. */
import { dlopen, FFIType, ptr, read } from "bun:ffi";

const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;
const PR_SET_PDEATHSIG = 1;
const POLLIN = 1;
const EINTR = 4;
const EWOULDBLOCK = 11;

function open() {
  const { i32, u64, ptr: pointer } = FFIType;
  return dlopen("libc.so.6", {
    flock: { args: [i32, i32], returns: i32 },
    prctl: { args: [i32, u64, u64, u64, u64], returns: i32 },
    getppid: { args: [], returns: i32 },
    poll: { args: [pointer, u64, i32], returns: i32 },
    __errno_location: { args: [], returns: pointer },
  }).symbols;
}

let opened: ReturnType<typeof open> | undefined;
const libc = () => (opened ??= open());

/**
 * Locks an open file for as long as it, or a copy that a child inherited, stays open.
 *
 * @returns false when somebody else holds it
 * @throws Error where the file system has no locks
 */
export function tryLock(fd: number, kind: "exclusive" | "shared"): boolean {
  const { flock, __errno_location } = libc();
  for (;;) {
    if (flock(fd, (kind === "exclusive" ? LOCK_EX : LOCK_SH) | LOCK_NB) === 0) return true;
    const code = read.i32(__errno_location()!);
    if (code === EWOULDBLOCK) return false;
    if (code !== EINTR) throw new Error(`this file system has no locks (errno ${code})`);
  }
}

/** Asks the kernel to kill this process when the one that started it ends. */
export function dieWithParent(signal: number): void {
  libc().prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0);
}

/** As the kernel knows it now; `process.ppid` may be remembered. */
export function parentPid(): number {
  return libc().getppid();
}

/** Whether a read of `fd` would return at once (data, or the end). */
export function isReadable(fd: number): boolean {
  const request = new ArrayBuffer(8);
  const view = new DataView(request);
  view.setInt32(0, fd, true);
  view.setInt16(4, POLLIN, true);
  return libc().poll(ptr(request), 1, 0) > 0;
}
