/**
 * Runs every sample again and again beside a busy process and prints, as JSON, the operators whose bytes changed.
 * usage: determinism.ts THREADS RUNS [part of a name]
 */
import { scope, setThreads } from "../../ffi";
import { samples } from "./index";
import { runSample } from "./sample";

const [threads, runs, part = ""] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4]];
setThreads(threads);
const changed: Record<string, string> = {};
const differentiated: string[] = [];
for (const [name, sample] of Object.entries(samples)) {
  if (!name.includes(part)) continue;
  try {
    const first = scope(() => runSample(sample));
    if (first.differentiated) differentiated.push(name);
    const times = name.endsWith("_reference") ? 2 : runs; // references are slow, and have one thread
    for (let run = 1; run < times; ++run) {
      const { bytes } = scope(() => runSample(sample));
      const at = bytes.findIndex((b, i) => Buffer.compare(b, first.bytes[i]!) !== 0);
      if (at < 0) continue;
      changed[name] = `value ${at} of ${bytes.length} changed in run ${run}`;
      break;
    }
  } catch (error) {
    changed[name] = String(error);
  }
}
console.log(JSON.stringify({ changed, differentiated }));
