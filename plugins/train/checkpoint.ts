/**
 * Checkpoints that survive a crash at any moment.
 *
 * A checkpoint is a folder `step-N`. It is written as `.tmp-N-<nonce>`: the tensor files first, each synced, then `manifest.json` with their sizes and hashes, then the folder's own entry; one rename
 * makes it visible. A reader trusts a `step-N` only when its manifest parses and the files are what it says, to the last byte, and else falls back to the one before. Two are kept; one goes by being
 * renamed away first.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, readSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const manifestSchema = z.strictObject({
  version: z.literal(2),
  step: z.int().nonnegative(),
  /** Hash of everything that decides what the next steps are: options, samples, code version. */
  key: z.string(),
  files: z.record(z.string(), z.strictObject({ bytes: z.int().nonnegative(), sha256: z.string() })),
});

export interface Checkpoint {
  step: number;
  dir: string;
}

const KEEP = 2;

/** @param write puts files into the folder it is given */
export function saveCheckpoint(root: string, step: number, key: string, write: (dir: string) => void): Checkpoint {
  mkdirSync(root, { recursive: true });
  const temporary = join(root, `.tmp-${step}-${process.pid}-${Math.random().toString(36).slice(2, 8)}`);
  try {
    mkdirSync(temporary);
    write(temporary);
    return commit(root, temporary, step, key);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw error;
  }
}

/** Makes a written folder a checkpoint: sizes noted, everything synced, renamed into place, old ones gone. */
function commit(root: string, temporary: string, step: number, key: string): Checkpoint {
  const files = Object.fromEntries(
    readdirSync(temporary).map((name) => [name, { bytes: statSync(join(temporary, name)).size, sha256: sha256(join(temporary, name)) }]),
  );
  for (const name of Object.keys(files)) sync(join(temporary, name));
  writeFileSync(join(temporary, "manifest.json"), JSON.stringify({ version: 2, step, key, files } satisfies z.infer<typeof manifestSchema>));
  sync(join(temporary, "manifest.json"));
  sync(temporary);
  const dir = join(root, `step-${step}`);
  discard(root, `step-${step}`);
  renameSync(temporary, dir);
  sync(root);
  for (const old of steps(root).slice(KEEP)) discard(root, `step-${old}`);
  return { step, dir };
}

/**
 * The newest checkpoint that is whole.
 *
 * @param reject called for every checkpoint that is not used, with the reason
 */
export function latestCheckpoint(root: string, key: string, reject: (reason: string) => void = () => {}): Checkpoint | null {
  for (const step of steps(root)) {
    const dir = join(root, `step-${step}`);
    const fault = faultOf(dir, step, key);
    if (fault === null) return { step, dir };
    reject(`checkpoint ${dir} is not used: ${fault}`);
  }
  return null;
}

/** Removes what a crash left behind. Only whoever writes here may do it. */
export function sweepCheckpoints(root: string): void {
  for (const name of entries(root))
    if (name.startsWith(".tmp-") || name.startsWith(".trash-")) rmSync(join(root, name), { recursive: true, force: true });
}

function faultOf(dir: string, step: number, key: string): string | null {
  let manifest: z.infer<typeof manifestSchema>;
  try {
    manifest = manifestSchema.parse(JSON.parse(readFileSync(join(dir, "manifest.json"), "utf8")));
  } catch (error) {
    return `no readable manifest.json (${error instanceof Error ? error.message.split("\n")[0] : error})`;
  }
  if (manifest.step !== step) return `its manifest says step ${manifest.step}`;
  if (manifest.key !== key) return "it belongs to a run with other options or other samples";
  for (const [name, { bytes }] of Object.entries(manifest.files)) {
    const found = sizeOf(join(dir, name));
    if (found !== bytes) return `${name} has ${found ?? "no"} bytes, the manifest says ${bytes}`;
  }
  for (const [name, recorded] of Object.entries(manifest.files))
    try {
      if (sha256(join(dir, name)) !== recorded.sha256) return `${name} is not what was written`;
    } catch (error) {
      return `${name} cannot be read (${error instanceof Error ? error.message : error})`;
    }
  return null;
}

/** In hex; the file is read in pieces. */
function sha256(path: string): string {
  const hash = new Bun.CryptoHasher("sha256");
  const buffer = new Uint8Array(1 << 22);
  const descriptor = openSync(path, "r");
  try {
    for (let count = readSync(descriptor, buffer); count > 0; count = readSync(descriptor, buffer)) hash.update(buffer.subarray(0, count));
  } finally {
    closeSync(descriptor);
  }
  return hash.digest("hex");
}

/** Steps of the checkpoints, newest first. */
function steps(root: string): number[] {
  return entries(root)
    .flatMap((name) => /^step-(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => b - a);
}

function entries(root: string): string[] {
  try {
    return readdirSync(root);
  } catch {
    return [];
  }
}

function sizeOf(path: string): number | null {
  try {
    return statSync(path).size;
  } catch {
    return null;
  }
}

function discard(root: string, name: string): void {
  if (!entries(root).includes(name)) return;
  const trash = join(root, `.trash-${name}-${Math.random().toString(36).slice(2, 8)}`);
  renameSync(join(root, name), trash);
  rmSync(trash, { recursive: true, force: true });
}

function sync(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

const DISK_FAULTS = new Set(["ENOSPC", "EDQUOT", "EIO", "EROFS", "EFBIG", "EMFILE", "ENFILE"]);
/** Failed saves in a row after which a run stops: it would lose too much. */
const PATIENCE = 3;

/** Saves checkpoints, and rides out a disk that is full for a while: training goes on and the next interval tries again. */
export class CheckpointWriter {
  private failures = 0;

  constructor(
    private readonly root: string,
    private readonly key: string,
    private readonly write: (dir: string) => void,
    private readonly warn: (text: string) => void,
  ) {}

  /** @throws the system's error after three failures in a row, and any error that is not the disk's */
  save(step: number): void {
    try {
      saveCheckpoint(this.root, step, this.key, this.write);
      this.failures = 0;
    } catch (error) {
      this.failures++;
      if (!isDiskFault(error) || this.failures >= PATIENCE) throw error;
      this.warn(`step ${step}: the checkpoint could not be written (${error.message}); the one before stays, the next interval tries again`);
    }
  }
}

function isDiskFault(error: unknown): error is Error {
  return error instanceof Error && "code" in error && typeof error.code === "string" && DISK_FAULTS.has(error.code);
}
