/** Moving finished folders into place so that a kill at any moment leaves either the old or the new one, and hashing what lies in them. */

import { createHash, randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";

export function fsyncPath(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Writes a whole file under a temporary name, then renames it over `path`. */
export function writeFileAtomically(path: string, text: string): void {
  const temporary = `${path}.tmp-${process.pid}`;
  const fd = openSync(temporary, "w");
  try {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, path);
  fsyncPath(dirname(path));
}

/** Sha-256 in hex of a file, read in pieces. */
export function hashFile(path: string): { bytes: number; sha256: string } {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafe(1 << 22);
  const fd = openSync(path, "r");
  let bytes = 0;
  try {
    for (let count = readSync(fd, buffer); count > 0; count = readSync(fd, buffer)) {
      hash.update(buffer.subarray(0, count));
      bytes += count;
    }
  } finally {
    closeSync(fd);
  }
  return { bytes, sha256: hash.digest("hex") };
}

/** Files below a folder, as sorted relative paths. */
export function listFiles(dir: string, below = ""): string[] {
  return readdirSync(join(dir, below), { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? listFiles(dir, join(below, entry.name)) : [join(below, entry.name)]))
    .sort();
}

function listFolders(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [...listFolders(join(dir, entry.name)), join(dir, entry.name)] : [],
  );
}

/** Makes every file and folder below `dir` durable. */
export function fsyncTree(dir: string): void {
  for (const file of listFiles(dir)) fsyncPath(join(dir, file));
  for (const folder of [...listFolders(dir), dir]) fsyncPath(folder);
}

/** Puts a complete folder in the place of `final`. */
export function moveIntoPlace(temporary: string, final: string, trash: string): void {
  mkdirSync(dirname(final), { recursive: true });
  let old: string | undefined;
  if (existsSync(final)) {
    mkdirSync(trash, { recursive: true });
    old = join(trash, randomBytes(6).toString("hex"));
    renameSync(final, old);
  }
  renameSync(temporary, final);
  fsyncPath(dirname(final));
  if (old !== undefined) rmSync(old, { recursive: true, force: true });
}

export function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}

/** Removes a folder and the empty ones below it; what holds a file stays. */
export function removeEmptyFolders(dir: string): void {
  for (const folder of existsSync(dir) ? [...listFolders(dir), dir] : [])
    try {
      rmdirSync(folder);
    } catch {} // not empty
}
