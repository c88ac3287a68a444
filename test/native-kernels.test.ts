/**
 * The CPU kernels by themselves (`ffi/native/test`, GoogleTest): every variant that this processor runs, beside references in double.
 *
 * EARTHCRAFT_SANITIZE=address,undefined or =thread builds them with sanitizers, as `make test-sanitize` does.
 */
import { expect } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildWithCMake, builtPath, nativeFolder, output, run } from "./native-build";
import { skipUnless } from "./skip";

const sanitize = process.env.EARTHCRAFT_SANITIZE ?? "";
const hasGoogleTest = ["/usr/include", "/usr/local/include"].some((dir) => existsSync(join(dir, "gtest", "gtest.h")));
const sources = ["{kernels,test}/*", "ops/{*_reference,radix_sort}.h"];

async function build(program: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "earthcraft-kernels-"));
  try {
    await buildWithCMake(join(nativeFolder, "test"), folder, [`-DEARTHCRAFT_SANITIZE=${sanitize}`], "kernel_tests", "kernel_tests", program);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

skipUnless(hasGoogleTest, "no GoogleTest on this machine (Debian: libgtest-dev)")(
  `the kernels' own tests pass${sanitize && ` with -fsanitize=${sanitize}`}`,
  async () => {
    const program = builtPath("kernel-tests", sources, [sanitize]);
    if (!existsSync(program)) await build(program);
    // ThreadSanitizer of GCC 12 cannot live with the address layout of newer kernels.
    const steady = sanitize === "thread" && output("setarch", "-R", "true").exitCode === 0 ? ["setarch", "-R"] : [];
    const { code, said } = await run([...steady, program]);
    expect([code, code === 0 ? "" : said.slice(-6000)]).toEqual([0, ""]);
    expect(Number(/\[ {2}PASSED {2}\] (\d+) tests/.exec(said)?.[1])).toBeGreaterThan(40);
  },
  900_000,
);
