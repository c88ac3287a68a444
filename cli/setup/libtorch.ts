/**
 * Finds libtorch, or fetches it: EARTHCRAFT_LIBTORCH or LIBTORCH, then a torch of exactly the pinned version that python3 would import,
 * then the cache folder, which `fetchLibtorch` fills from the user's Python package index. Python is never needed to run.
 */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { EXIT, UserError } from "../errors";
import type { Reporter } from "../ui/reporter";
import { cachePath } from "./cache";
import { withFileLock } from "./file-lock";
import { LIBTORCH_DISK_MB, LIBTORCH_DOWNLOAD_MB, libtorchWheels, TORCH_VERSION } from "./pins";
import { pythonTorch } from "./python-torch";
import { fetchWheels, requireSpace } from "./wheels";

/** One place where libtorch was looked for. */
export interface Attempt {
  source: string;
  path?: string;
  ok: boolean;
  /** The version found, or why it will not do. */
  detail: string;
}

export interface Libtorch {
  /** The folder that holds `include/` and `lib/`. */
  dir: string;
  /** As its own file says, e.g. `2.11.0+cu130`. */
  version: string;
  source: string;
}

const NEEDED = ["lib/libtorch_cpu.so", "lib/libc10.so", "include/ATen/core/Tensor.h"];

/** A wheel keeps its version in version.py, PyTorch's zip archive in build-version. */
function versionOf(dir: string): string | undefined {
  const text = (file: string) => (existsSync(join(dir, file)) ? readFileSync(join(dir, file), "utf8") : undefined);
  return text("version.py")?.match(/^__version__\s*=\s*['"]([^'"]+)['"]/m)?.[1] ?? text("build-version")?.trim();
}

function inspect(source: string, dir: string): Attempt & { version?: string } {
  const lacking = NEEDED.filter((file) => !existsSync(join(dir, file)));
  if (lacking.length > 0) return { source, path: dir, ok: false, detail: existsSync(dir) ? `has no ${lacking.join(", ")}` : "no such folder" };
  const version = versionOf(dir);
  if (version === undefined) return { source, path: dir, ok: false, detail: "has neither version.py nor build-version" };
  const ok = version.split("+")[0] === TORCH_VERSION;
  return { source, path: dir, ok, detail: ok ? version : `is ${version}; exactly ${TORCH_VERSION} is needed`, version };
}

/** Where `fetchLibtorch` puts torch and the libraries it needs, side by side as in site-packages. */
export const cachedDir = () => cachePath("libtorch", `${TORCH_VERSION}-${process.arch}`);

/** Looks everywhere, in order; stops at the first that will do. */
export function searchLibtorch(env: NodeJS.ProcessEnv = process.env): { found?: Libtorch; attempts: Attempt[] } {
  const attempts: Attempt[] = [];
  const consider = (attempt: Attempt & { version?: string }): Libtorch | undefined => {
    const { version, ...rest } = attempt;
    attempts.push(rest);
    return attempt.ok && attempt.path !== undefined && version !== undefined ? { dir: attempt.path, version, source: attempt.source } : undefined;
  };
  for (const name of ["EARTHCRAFT_LIBTORCH", "LIBTORCH"]) {
    const value = env[name];
    if (!value) attempts.push({ source: name, ok: false, detail: "not set" });
    else {
      const found = consider(inspect(name, resolve(value)));
      if (found) return { found, attempts };
      // A folder the user named is never passed over in silence for another one.
      if (name === "EARTHCRAFT_LIBTORCH") return { attempts };
    }
  }
  const python = pythonTorch(env);
  const found = "dir" in python ? consider(inspect("python3", python.dir)) : undefined;
  if (!("dir" in python)) attempts.push({ source: "python3", ok: false, detail: python.reason });
  if (found) return { found, attempts };
  const cached = consider(inspect("cache", join(cachedDir(), "torch")));
  return cached ? { found: cached, attempts } : { attempts };
}

/** Downloads and unpacks the pinned wheels into the cache folder. Two processes may call it at once; the second waits and finds it done. */
export async function fetchLibtorch(reporter: Reporter): Promise<Libtorch> {
  const target = cachedDir();
  mkdirSync(cachePath("libtorch"), { recursive: true });
  return withFileLock(cachePath("libtorch", ".lock"), async () => {
    const before = inspect("cache", join(target, "torch"));
    if (!before.ok) {
      requireSpace(cachePath("libtorch"), "libtorch", LIBTORCH_DISK_MB);
      reporter.info(`getting libtorch ${TORCH_VERSION} (${LIBTORCH_DOWNLOAD_MB} MB, once) from the Python package index into ${target}`);
      const wheels = libtorchWheels();
      if (!wheels)
        throw new UserError({
          what: `there is no libtorch wheel for ${process.arch}`,
          fix: `unpack libtorch ${TORCH_VERSION} and name its folder in EARTHCRAFT_LIBTORCH`,
          exit: EXIT.missing,
        });
      await fetchWheels(wheels, target, reporter, "name an unpacked libtorch in EARTHCRAFT_LIBTORCH");
    }
    const after = inspect("cache", join(target, "torch"));
    if (!after.ok || after.version === undefined)
      throw new UserError({ what: `libtorch was unpacked but ${after.path} ${after.detail}`, exit: EXIT.missing });
    return { dir: join(target, "torch"), version: after.version, source: "cache" };
  });
}
