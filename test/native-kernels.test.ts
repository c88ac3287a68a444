/**
 * The CPU kernels by themselves (`ffi/native/test`, GoogleTest): every variant that this processor runs, beside references in double.
 *
 * EARTHCRAFT_SANITIZE=address,undefined or =thread builds them with sanitizers, as `make test-sanitize` does.
 */
import { expect } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { programRoot } from "../cli/io";
import { cachePath } from "../cli/setup/cache";
import { skipUnless } from "./skip";

const native = join(programRoot, "ffi", "native");
const sanitize = process.env.EARTHCRAFT_SANITIZE ?? "";
const compiler = process.env.CXX || "g++";

const output = (...command: string[]) => Bun.spawnSync(command, { stdio: ["ignore", "pipe", "ignore"] });
const hasGoogleTest = ["/usr/include", "/usr/local/include"].some((dir) => existsSync(join(dir, "gtest", "gtest.h")));

/** Half a minute of compiling is much in every run of the tests: a program of these very sources is kept. */
function programPath(): string {
  const key = new Bun.CryptoHasher("sha256").update(`${output(compiler, "--version").stdout}\0${sanitize}`);
  const sources = ["{kernels,test}/*", "ops/*_reference.h"].flatMap((pattern) => [...new Bun.Glob(pattern).scanSync({ cwd: native })]);
  for (const file of sources.sort()) key.update(`\0${file}\0`).update(readFileSync(join(native, file)));
  return cachePath("native", "kernel-tests", key.digest("hex").slice(0, 20));
}

async function run(command: string[]): Promise<{ code: number; said: string }> {
  const child = Bun.spawn(command, { stdio: ["ignore", "pipe", "pipe"] });
  const [out, errors, code] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited]);
  return { code, said: `${out}${errors}` };
}

async function build(program: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "earthcraft-kernels-"));
  try {
    for (const command of [
      ["cmake", "-S", join(native, "test"), "-B", folder, `-DEARTHCRAFT_SANITIZE=${sanitize}`],
      ["cmake", "--build", folder, "--parallel", "2"],
    ]) {
      const { code, said } = await run(command);
      if (code !== 0) throw new Error(`${command.join(" ")} failed:\n${said.slice(-4000)}`);
    }
    mkdirSync(cachePath("native", "kernel-tests"), { recursive: true });
    copyFileSync(join(folder, "kernel_tests"), `${program}.part`);
    renameSync(`${program}.part`, program);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

skipUnless(hasGoogleTest, "no GoogleTest on this machine (Debian: libgtest-dev)")(
  `the kernels' own tests pass${sanitize && ` with -fsanitize=${sanitize}`}`,
  async () => {
    const program = programPath();
    if (!existsSync(program)) await build(program);
    // ThreadSanitizer of GCC 12 cannot live with the address layout of newer kernels.
    const steady = sanitize === "thread" && output("setarch", "-R", "true").exitCode === 0 ? ["setarch", "-R"] : [];
    const { code, said } = await run([...steady, program]);
    expect([code, code === 0 ? "" : said.slice(-6000)]).toEqual([0, ""]);
    expect(Number(/\[ {2}PASSED {2}\] (\d+) tests/.exec(said)?.[1])).toBeGreaterThan(15);
  },
  900_000,
);
