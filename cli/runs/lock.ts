/**
 * One writer a run folder. The lock is a flock on `.lock`; rank processes inherit the descriptor, so it frees when the last of them has ended, however it ended.
 *
 * Shards share the lock among themselves and exclude each other by one more file each.
 */
import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { EXIT, UserError } from "../errors";
import { tryLock } from "./libc";

export interface RunLock {
  /** For children to inherit. */
  readonly fds: readonly number[];
  release(): void;
}

function take(path: string, kind: "exclusive" | "shared"): number {
  const fd = openSync(path, "a+");
  if (tryLock(fd, kind)) return fd;
  closeSync(fd);
  let holder = "";
  try {
    const { pid, host, since } = JSON.parse(readFileSync(path, "utf8")) as { pid: number; host: string; since: string };
    holder = ` by process ${pid} on ${host} since ${since}`;
  } catch {}
  throw new UserError({
    what: `this run folder is in use${holder}`,
    where: path,
    fix: "wait for it to end, stop it, or use another folder with --out",
    exit: EXIT.busy,
  });
}

function sign(fd: number, now: Date): void {
  ftruncateSync(fd, 0);
  writeSync(fd, `${JSON.stringify({ pid: process.pid, host: hostname(), since: now.toISOString() })}\n`);
}

/** @throws UserError of exit 75 that names the process which holds it */
export function lockRun(runDir: string, now: Date, shard?: { index: number; count: number }): RunLock {
  mkdirSync(runDir, { recursive: true });
  const fds = [take(join(runDir, ".lock"), shard === undefined ? "exclusive" : "shared")];
  try {
    if (shard !== undefined) fds.push(take(join(runDir, `.lock-shard-${shard.index}-of-${shard.count}`), "exclusive"));
  } catch (error) {
    closeSync(fds[0]!);
    throw error;
  }
  sign(fds.at(-1)!, now);
  return { fds, release: () => fds.splice(0).forEach(closeSync) };
}
