/** Memory of this process and of the machine, as Linux counts it. */
import { readFileSync, writeFileSync } from "node:fs";

/** Starts VmHWM anew; where the kernel forbids it the peak stays that of the whole process. */
export function resetPeakMemory(): void {
  try {
    writeFileSync("/proc/self/clear_refs", "5");
  } catch {}
}

/** In bytes; 0 where there is no /proc. */
export function peakMemory(): number {
  return (numberIn("/proc/self/status", /^VmHWM:\s+(\d+) kB/m) ?? 0) * 1024;
}

function numberIn(path: string, pattern: RegExp): number | undefined {
  try {
    const match = pattern.exec(readFileSync(path, "utf8"));
    return match === null ? undefined : Number(match[1]);
  } catch {
    return undefined;
  }
}

/** Bytes that new processes may take: what the machine has left, or the container where that is less. */
export function availableMemory(): number {
  const machine = (numberIn("/proc/meminfo", /^MemAvailable:\s+(\d+) kB/m) ?? Number.POSITIVE_INFINITY) * 1024;
  const limit = numberIn("/sys/fs/cgroup/memory.max", /^(\d+)$/m);
  const used = numberIn("/sys/fs/cgroup/memory.current", /^(\d+)$/m);
  const cache = numberIn("/sys/fs/cgroup/memory.stat", /^inactive_file (\d+)$/m) ?? 0; // given back when somebody needs it
  return limit === undefined || used === undefined ? machine : Math.min(machine, Math.max(0, limit - used + cache));
}
