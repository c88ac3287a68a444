/** Peak resident memory of this process, as Linux counts it. */
import { readFileSync, writeFileSync } from "node:fs";

/** Starts VmHWM anew; where the kernel forbids it the peak stays that of the whole process. */
export function resetPeakMemory(): void {
  try {
    writeFileSync("/proc/self/clear_refs", "5");
  } catch {}
}

/** In bytes; 0 where there is no /proc. */
export function peakMemory(): number {
  try {
    const match = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"));
    return match === null ? 0 : Number(match[1]) * 1024;
  } catch {
    return 0;
  }
}
