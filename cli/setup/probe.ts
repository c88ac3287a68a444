/** Tries the native library in a child process, so that a crash there is a diagnosis and not the end of the program. */
import { join } from "node:path";
import { bunCommand } from "../io";

export interface Verdict {
  ok: boolean;
  /** What the library said of itself, or how the child ended. */
  detail: string;
}

const PROBE_MS = 60_000;

export function probeLibrary(library: string, env: NodeJS.ProcessEnv = process.env): Verdict {
  return runChild(["probe-child.ts", library], { ...env, OMP_NUM_THREADS: "1" });
}

/** Tries a GPU: the driver, libtorch's half for GPUs, and the library beside this one. What went well is the GPU's name. */
export function probeGpu(library: string, env: NodeJS.ProcessEnv = process.env): Verdict {
  return runChild(["gpu-child.ts"], { ...env, EARTHCRAFT_NATIVE: library, OMP_NUM_THREADS: "1" });
}

function runChild([script = "", ...args]: string[], env: NodeJS.ProcessEnv): Verdict {
  const ran = Bun.spawnSync([...bunCommand(join(import.meta.dir, script)), ...args], { env, timeout: PROBE_MS });
  const said = ran.stdout.toString().trim();
  if (ran.exitCode === 0) return { ok: true, detail: said };
  // A crash leaves bun's own banner; only a child that caught an error has one line to say.
  const why = ran.exitCode === 1 ? ran.stderr.toString().trim() : "";
  const end = ran.exitedDueToTimeout
    ? `gave no answer in ${PROBE_MS / 1000} s`
    : ran.signalCode
      ? `was ended by ${ran.signalCode}`
      : `ended with ${ran.exitCode}`;
  return { ok: false, detail: `the child that opened it ${end}${why ? `: ${why}` : ""}` };
}
