/**
 * Errors that a person can act on, and what the program's exit code says (`earthcraft help exit-codes`).
 *
 * Anything thrown that is not a `UserError` is our bug: exit 70, with a stack.
 */
export const EXIT = {
  done: 0,
  failed: 1,
  /** Wrong usage or a wrong recipe. */
  usage: 2,
  /** A gate was not met: `eval --assert`, or a loss that is no longer finite. */
  gate: 3,
  badInput: 65,
  /** The native library, a GPU, a program or a download is missing. */
  missing: 69,
  bug: 70,
  /** The disk is full or answers with an error. */
  disk: 74,
  /** Somebody else works in this run folder: try again later. */
  busy: 75,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export interface UserErrorParts {
  /** What failed, in one sentence without a full stop. */
  what: string;
  /** Where: `recipe.yaml:12:5 model.depht`, a file, a flag. */
  where?: string;
  /** What to do about it. */
  fix?: string;
  /** Exit code; 1 unless told. */
  exit?: ExitCode;
}

export class UserError extends Error {
  readonly what: string;
  readonly where: string | undefined;
  readonly fix: string | undefined;
  readonly exit: ExitCode;

  constructor(parts: UserErrorParts, options?: ErrorOptions) {
    super(parts.where ? `${parts.where}: ${parts.what}` : parts.what, options);
    this.name = "UserError";
    this.what = parts.what;
    this.where = parts.where;
    this.fix = parts.fix;
    this.exit = parts.exit ?? EXIT.failed;
  }
}

/** An error as it crosses the pipe between a rank and its parent, and as `stage.json` keeps it. */
export interface ErrorRecord {
  what: string;
  where?: string;
  fix?: string;
  exit: ExitCode;
  /** Only for our own bugs. */
  stack?: string;
}

const AGAIN = "and run the same command again";
/** What the system says of a disk and its files, and what a person can do about it. */
const DISK_FIXES: Record<string, string> = {
  ENOSPC: `free some space (or pick another folder with --out) ${AGAIN}`,
  EDQUOT: `free some space of your quota (or pick another folder with --out) ${AGAIN}`,
  EFBIG: `files may not grow so large here: raise the limit (ulimit -f), free some space, or pick another folder with --out, ${AGAIN}`,
  EIO: `the disk answers with errors: look at it (dmesg), or pick another folder with --out, ${AGAIN}`,
  EROFS: "nothing can be written here: pick another folder with --out",
  EACCES: "you may not write or read here: change the rights, or pick another folder with --out",
  EPERM: "you may not write or read here: change the rights, or pick another folder with --out",
  ENOTDIR: "a file stands where a folder is wanted: move it away, or pick another folder with --out",
  EEXIST: "a file stands where a folder is wanted: move it away, or pick another folder with --out",
  ENAMETOOLONG: "the path is too long: pick a shorter folder with --out",
  EMFILE: `too many files are open: raise the limit (ulimit -n) or lower --jobs, ${AGAIN}`,
  ENFILE: `the machine has too many files open: end what holds them ${AGAIN}`,
};

/** What an error says of itself under a name that is no part of `Error`. */
function textOf(error: unknown, name: "code" | "kind"): string | undefined {
  if (typeof error !== "object" || error === null || !(name in error)) return undefined;
  const value: unknown = Reflect.get(error, name);
  return typeof value === "string" ? value : undefined;
}

/** Kinds of failure of the tensor library (ffi/errors.ts, ffi/safetensors.ts) that are no bug of ours. */
const TENSOR_FIXES: Record<string, { fix?: string; exit: ExitCode }> = {
  unsupported: { exit: EXIT.missing },
  "out of memory": { fix: "use a smaller batch, crop or --scale, or a machine with more memory", exit: EXIT.failed },
  "cuda lost": { fix: "the GPU stopped answering: see `earthcraft doctor`, then run the same command again", exit: EXIT.missing },
  "i/o": { fix: "check that the file is whole and the disk has space", exit: EXIT.disk },
  "damaged file": {
    fix: "put a whole file there; `earthcraft runs verify RUN` says which of a run are not, and what is removed is made again",
    exit: EXIT.badInput,
  },
};

export function toRecord(error: unknown): ErrorRecord {
  if (error instanceof UserError) {
    const { what, where, fix, exit } = error;
    return { what, ...(where === undefined ? {} : { where }), ...(fix === undefined ? {} : { fix }), exit };
  }
  const message = error instanceof Error ? error.message : String(error);
  const known = TENSOR_FIXES[textOf(error, "kind") ?? ""];
  if (known !== undefined) return { what: message, ...known };
  const code = textOf(error, "code");
  const diskFix = DISK_FIXES[code ?? ""];
  if (diskFix !== undefined) return { what: message, fix: diskFix, exit: EXIT.disk };
  return { what: message, exit: EXIT.bug, ...(error instanceof Error && error.stack !== undefined ? { stack: error.stack } : {}) };
}

export function fromRecord(record: ErrorRecord): Error {
  if (record.stack === undefined) return new UserError(record);
  const error = new Error(record.what);
  error.stack = record.stack;
  return error;
}

/** The lines a person reads: `error: what`, `  at: where`, `  fix: …`. */
export function describeError(error: unknown, { verbose = false } = {}): string {
  const { what, where, fix, exit, stack } = toRecord(error);
  const lines = [`error: ${what}`];
  if (where !== undefined) lines.push(`  where: ${where}`);
  if (fix !== undefined) lines.push(`  fix: ${fix}`);
  if (exit === EXIT.bug) {
    lines.push("  this is a bug in earthcraft; please report it with the lines below");
    if (stack !== undefined) lines.push(...(verbose ? stack.split("\n") : stack.split("\n").slice(1, 6)));
  }
  return lines.join("\n");
}
