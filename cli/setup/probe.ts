/** Tries the native library in a child process, so that a crash there is a diagnosis and not the end of the program. */
import { join } from "node:path";

export interface Verdict {
  ok: boolean;
  /** What the library said of itself, or how the child ended. */
  detail: string;
}

const PROBE_MS = 60_000;

/**
 * @param library `.so` to open, with the symbol `ec_abi_version` and whatever libtorch it links to
 */
export function probeLibrary(library: string, env: NodeJS.ProcessEnv = process.env): Verdict {
  const ran = Bun.spawnSync([process.execPath, join(import.meta.dir, "probe-child.ts"), library], {
    env: { ...env, OMP_NUM_THREADS: "1" },
    timeout: PROBE_MS,
  });
  const said = ran.stdout.toString().trim();
  if (ran.exitCode === 0) return { ok: true, detail: said };
  const error = ran.stderr.toString().trim().split("\n").filter(Boolean);
  const why = error.find((line) => /error|cannot|not found|undefined/i.test(line)) ?? error.at(-1) ?? "";
  const end = ran.exitedDueToTimeout
    ? `gave no answer in ${PROBE_MS / 1000} s`
    : ran.signalCode
      ? `was ended by ${ran.signalCode}`
      : `ended with ${ran.exitCode}`;
  return { ok: false, detail: `the child that opened it ${end}${why ? `: ${why}` : ""}` };
}
