/** Everything between a checkout and a native library that works: requirements, libtorch, build, a trial in a child. */
import { EXIT, UserError } from "../errors";
import type { Reporter } from "../ui/reporter";
import { buildNative } from "./build";
import { ensureCudaLibraries, ensureNvcc } from "./cuda";
import { fetchLibtorch, type Libtorch, searchLibtorch } from "./libtorch";
import { type BuildRecord, buildRecord } from "./native-path";
import { requireAll } from "./requirements";

/** @throws UserError that names everything missing before anything is downloaded */
export async function resolveLibtorch(reporter: Reporter): Promise<Libtorch> {
  const { found, attempts } = searchLibtorch();
  if (found) {
    requireAll(["build"]);
    return found;
  }
  const named = attempts.find(({ source, path }) => source === "EARTHCRAFT_LIBTORCH" && path !== undefined);
  if (named)
    throw new UserError({
      what: `EARTHCRAFT_LIBTORCH=${named.path} will not do: it ${named.detail}`,
      fix: "correct it, or unset it and let ./earthcraft setup look further",
      exit: EXIT.missing,
    });
  requireAll(["torch", "build"]);
  return fetchLibtorch(reporter);
}

/**
 * Sets up what is not there yet; a few milliseconds when all is.
 * @param options.cuda with the library for GPUs, which any machine can build
 */
export async function ensureNative(reporter: Reporter, { cuda = false } = {}): Promise<BuildRecord> {
  const record = buildRecord();
  if (!cuda) return record ?? buildNative(await resolveLibtorch(reporter), reporter);
  const libtorch = await resolveLibtorch(reporter);
  await ensureCudaLibraries(libtorch, reporter);
  return record?.cuda ? record : buildNative(libtorch, reporter, await ensureNvcc(reporter));
}
