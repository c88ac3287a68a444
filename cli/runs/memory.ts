/** Peak resident memory of this process, as Linux counts it. */
import { readFileSync, writeFileSync } from "node:fs";

/** Starts VmHWM anew; where the kernel forbids it the peak stays that of the whole process. */
export function resetPeakMemory(): void {
  try {
    writeFileSync("/proc/self/clear_refs", "5");
  } catch {}
}

function statusBytes(field: "VmHWM" | "VmRSS", pid: number | "self"): number {
  try {
    const match = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return match === null ? 0 : Number(match[1]) * 1024;
  } catch {
    return 0;
  }
}

export function peakMemory(pid: number | "self" = "self"): number {
  return statusBytes("VmHWM", pid);
}

export function residentMemory(pid: number | "self" = "self"): number {
  return statusBytes("VmRSS", pid);
}
