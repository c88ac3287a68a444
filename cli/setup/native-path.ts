/**
 * Where the native library lies that was built from these very sources: a synchronous look-up of a few milliseconds that starts no process.
 * `build.ts` writes what this reads.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { cachePath } from "./cache";

/** Sources of the native library. */
export const nativeSources = join(dirname(dirname(import.meta.dir)), "ffi", "native");

/** What a finished build leaves under `native/by-source/<sourceKey>.json`. */
export interface BuildRecord {
  library: string;
  libtorch: { dir: string; version: string };
  compiler: string;
  /** Version of the nvcc that built the library for GPUs, which lies beside the other; absent where none was built. */
  cuda?: string;
}

/** sha256 over the names and contents of the sources (tests apart) and over what the user chose by variables. */
export function sourceKey(env: NodeJS.ProcessEnv = process.env): string {
  const hash = new Bun.CryptoHasher("sha256");
  const files = [...new Bun.Glob("**/*").scanSync({ cwd: nativeSources })].filter((file) => !file.startsWith("test/"));
  for (const file of files.sort())
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(nativeSources, file)))
      .update("\0");
  for (const name of ["EARTHCRAFT_LIBTORCH", "LIBTORCH", "CXX", "CXXFLAGS"]) hash.update(`${name}=${env[name] ?? ""}\0`);
  return hash.digest("hex").slice(0, 20);
}

export const recordPath = (key: string) => cachePath("native", "by-source", `${key}.json`);

/** @returns the build of these sources, undefined when there is none or its libtorch has gone */
export function buildRecord(env: NodeJS.ProcessEnv = process.env): BuildRecord | undefined {
  const file = recordPath(sourceKey(env));
  if (!existsSync(file)) return undefined;
  try {
    const record = JSON.parse(readFileSync(file, "utf8")) as BuildRecord;
    return existsSync(record.library) && existsSync(join(record.libtorch.dir, "lib", "libtorch_cpu.so")) ? record : undefined;
  } catch {
    return undefined; // a damaged record is no record: the next setup writes it anew
  }
}

/** The library to open: EARTHCRAFT_NATIVE, else what `earthcraft setup` built from these sources; undefined when it has to run first. */
export function nativePath(env: NodeJS.ProcessEnv = process.env): string | undefined {
  return env.EARTHCRAFT_NATIVE || buildRecord(env)?.library;
}
