/** The world as the program sees it, injected so that tests can stand in for a terminal, a clock or a full disk. */
import { writeSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { EXIT, UserError } from "./errors";

export interface OutputStream {
  readonly isTTY: boolean;
  /** Width in columns of a terminal. */
  readonly columns: number;
  /** Writes all of it before returning. */
  write(text: string): void;
}

export interface Io {
  readonly stdin: { readonly isTTY: boolean };
  /** Results only. */
  readonly stdout: OutputStream;
  /** Everything else. */
  readonly stderr: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Milliseconds since the epoch, for what is written down. */
  now(): number;
  /** Milliseconds of a clock that never jumps, for durations. */
  monotonic(): number;
}

/** Root of the installation: the folder that holds `cli/`, `plugins/`, `recipes/`. */
export const programRoot = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

/**
 * What starts a script of ours in a bun of its own. bun would else read `.env`, `bunfig.toml` (whose `preload` is code) and `tsconfig.json` of the working folder; the launcher passes the same flags.
 */
export function bunCommand(script: string): string[] {
  const own = (file: string) => join(programRoot, file);
  return [process.execPath, "--no-install", "--no-env-file", `--config=${own("bunfig.toml")}`, `--tsconfig-override=${own("tsconfig.json")}`, script];
}

function isRetry(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EAGAIN";
}

/** Writes everything to a descriptor: short writes go on, a full pipe is waited for. */
export function writeAll(fd: number, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      if (!isRetry(error)) throw error;
      Bun.sleepSync(2);
    }
  }
}

function stream(fd: 1 | 2, node: NodeJS.WriteStream): OutputStream {
  let closed = false;
  return {
    get isTTY() {
      return node.isTTY === true;
    },
    get columns() {
      return node.columns ?? 80;
    },
    write(text) {
      if (closed) return;
      try {
        writeAll(fd, text);
      } catch (error) {
        const code = error instanceof Error && "code" in error ? error.code : undefined;
        closed = true;
        if (fd === 2 || code === "EPIPE") return; // `| head -1` is no error, and lost progress is no reason to stop
        throw new UserError({ what: `cannot write the result to standard output (${code ?? error})`, exit: EXIT.disk });
      }
    },
  };
}

export function processIo(): Io {
  return {
    stdin: { isTTY: process.stdin.isTTY === true },
    stdout: stream(1, process.stdout),
    stderr: stream(2, process.stderr),
    env: process.env,
    cwd: process.cwd(),
    now: () => Date.now(),
    monotonic: () => performance.now(),
  };
}
