/** What tests need that build C++ themselves: the compiler, and a place for what was built from these very sources. */
import { copyFileSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { programRoot } from "../cli/io";
import { cachePath } from "../cli/setup/cache";

export const nativeFolder = join(programRoot, "ffi", "native");
export const compiler = process.env.CXX || "g++";

export const output = (...command: string[]) => Bun.spawnSync(command, { stdio: ["ignore", "pipe", "ignore"] });

export async function run(command: string[], env: Record<string, string | undefined> = process.env): Promise<{ code: number; said: string }> {
  const child = Bun.spawn(command, { cwd: programRoot, env, stdio: ["ignore", "pipe", "pipe"] });
  const [out, errors, code] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited]);
  return { code, said: `${out}${errors}` };
}

/** Compiling takes long: what was built of these sources, with this compiler and these `options`, is kept under this path. */
export function builtPath(name: string, patterns: readonly string[], options: readonly string[]): string {
  const key = new Bun.CryptoHasher("sha256").update(`${output(compiler, "--version").stdout}\0${options.join("\0")}`);
  const sources = patterns.flatMap((pattern) => [...new Bun.Glob(pattern).scanSync({ cwd: nativeFolder })]);
  for (const file of [...new Set(sources)].sort()) key.update(`\0${file}\0`).update(readFileSync(join(nativeFolder, file)));
  return cachePath("native", name, key.digest("hex").slice(0, 20));
}

/** @param target `name` of CMake's target whose file `file` goes to `path` */
export async function buildWithCMake(
  source: string,
  folder: string,
  options: readonly string[],
  target: string,
  file: string,
  path: string,
): Promise<void> {
  const jobs = ["--parallel", "2"];
  for (const command of [
    ["cmake", "-S", source, "-B", folder, ...options],
    ["cmake", "--build", folder, "--target", target, ...jobs],
  ]) {
    const { code, said } = await run(command);
    if (code !== 0) throw new Error(`${command.join(" ")} failed:\n${said.slice(-4000)}`);
  }
  mkdirSync(dirname(path), { recursive: true });
  copyFileSync(join(folder, file), `${path}.part`);
  renameSync(`${path}.part`, path);
}
