/** Pinned wheels from the user's Python package index, unpacked into a folder. Only their files are used, never a Python. */
import { mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { EXIT, UserError } from "../errors";
import type { Reporter } from "../ui/reporter";
import { WHEEL_TAGS, type Wheel } from "./pins";

/**
 * Downloads and unpacks wheels; `target` appears whole or not at all. What an interruption leaves whole is not downloaded again.
 * @param otherwise what else a user behind a wall can do
 */
export async function fetchWheels(wheels: readonly Wheel[], target: string, reporter: Reporter, otherwise: string): Promise<void> {
  const part = `${target}.part`;
  const tree = join(part, "tree");
  mkdirSync(join(part, "wheels"), { recursive: true });
  download(wheels, part, reporter, otherwise);
  reporter.info("unpacking");
  rmSync(tree, { recursive: true, force: true });
  await unpack(join(part, "wheels"), tree);
  rmSync(target, { recursive: true, force: true });
  await rename(tree, target);
  rmSync(part, { recursive: true, force: true });
}

function download(wheels: readonly Wheel[], part: string, reporter: Reporter, otherwise: string): void {
  const python = Bun.which("python3");
  if (!python) throw new UserError({ what: "python3 is not on PATH", fix: "apt-get install python3 python3-pip", exit: EXIT.missing });
  const machine = process.arch === "x64" ? "x86_64" : "aarch64";
  const { python: tag, abis, glibc } = WHEEL_TAGS;
  const where = [
    ...["--only-binary=:all:", "--implementation", "cp", "--python-version", tag],
    ...abis.flatMap((abi) => ["--abi", abi]),
    ...glibc.flatMap((version) => ["--platform", `manylinux_${version}_${machine}`]),
    ...["--platform", `manylinux2014_${machine}`],
  ];
  // On a terminal pip draws its bar there; it is silent elsewhere.
  const progress = process.stderr.isTTY ? ["--progress-bar", "on"] : ["--quiet", "--progress-bar", "off"];
  // One wheel at a time: what an interruption leaves whole is not downloaded again.
  for (const { requirement, sha256 } of wheels) {
    const list = join(part, "requirement.txt");
    writeFileSync(list, `${requirement} --hash=sha256:${sha256}\n`);
    reporter.info(`getting ${requirement}`);
    const args = ["download", "--no-deps", "--require-hashes", "--disable-pip-version-check", "--retries", "10", ...progress];
    const ran = Bun.spawnSync([python, "-m", "pip", ...args, ...where, "--dest", join(part, "wheels"), "-r", list], {
      stdio: ["ignore", process.stderr.isTTY ? 2 : "ignore", "pipe"],
      env: process.env,
    });
    if (ran.exitCode !== 0)
      throw new UserError({
        what: `pip could not get ${requirement}: ${lastLines(ran.stderr.toString(), 6)}`,
        fix: `run the same command again (what is whole is kept); behind a mirror set PIP_INDEX_URL, or ${otherwise}`,
        exit: EXIT.missing,
      });
  }
}

function lastLines(text: string, count: number): string {
  return text.trim().split("\n").slice(-count).join("\n");
}

export function requireSpace(folder: string, what: string, needed_MB: number): void {
  const { bavail, bsize } = statfsSync(folder);
  const free_MB = Math.floor((bavail * bsize) / 1e6);
  if (free_MB < needed_MB)
    throw new UserError({
      what: `${what} needs ${needed_MB} MB of disk while it is unpacked, ${folder} has ${free_MB} MB`,
      fix: "free some space, or put the cache elsewhere with XDG_CACHE_HOME",
      exit: EXIT.disk,
    });
}

/** A wheel is a zip archive whose members lie where they are imported from; pip has checked its checksum. */
async function unpack(wheels: string, tree: string): Promise<void> {
  mkdirSync(tree, { recursive: true });
  for (const name of new Bun.Glob("*.whl").scanSync({ cwd: wheels })) {
    const child = Bun.spawn(["python3", "-m", "zipfile", "-e", join(wheels, name), tree], { stdio: ["ignore", "ignore", "pipe"] });
    if ((await child.exited) !== 0)
      throw new UserError({ what: `cannot unpack ${name}: ${lastLines(await new Response(child.stderr).text(), 3)}`, exit: EXIT.disk });
  }
}
