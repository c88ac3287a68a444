/** Kernels for GPUs compile to PTX, where there is a compiler of CUDA: no GPU is needed, nothing is built or kept but the word that these sources compile. */
import { expect } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { programRoot } from "../cli/io";
import { cachePath } from "../cli/setup/cache";
import { findNvcc } from "../cli/setup/cuda";
import { skipUnless } from "./skip";

const ARCH = "compute_90a";
const native = join(programRoot, "ffi", "native");
const sourcesIn = (pattern: string) => [...new Bun.Glob(pattern).scanSync({ cwd: native })].sort();
const nvcc = findNvcc();

const test = skipUnless(nvcc, "no nvcc 13.0 on PATH, in /usr/local/cuda or fetched by `earthcraft setup --cuda`");

test("every kernel for GPUs compiles to PTX", async () => {
  const kernels = sourcesIn("cuda/*.cu");
  expect(kernels.length).toBeGreaterThan(15);
  const headers = sourcesIn("{cuda,kernels}/*.{h,cuh}");
  const folder = mkdtempSync(join(tmpdir(), "earthcraft-ptx-"));
  const failed: string[] = [];
  try {
    for (const kernel of kernels) {
      // Half a minute for them all is much in every run of the tests: what compiled once is remembered.
      const key = new Bun.CryptoHasher("sha256").update(`${nvcc!.version} ${ARCH}`);
      for (const file of [kernel, ...headers]) key.update(`\0${file}\0`).update(readFileSync(join(native, file)));
      const done = cachePath("native", "ptx", key.digest("hex").slice(0, 20));
      if (existsSync(done)) continue;
      const include = join(dirname(dirname(nvcc!.path)), "include");
      const command = [nvcc!.path, "-ptx", `-arch=${ARCH}`, "-std=c++17", "--expt-relaxed-constexpr", "-I", include, "-I", native];
      const child = Bun.spawn([...command, join(native, kernel), "-o", join(folder, `${basename(kernel)}.ptx`)], {
        stdio: ["ignore", "ignore", "pipe"],
      });
      const [said, code] = await Promise.all([new Response(child.stderr).text(), child.exited]);
      if (code !== 0) failed.push(`${kernel}: ${said.slice(0, 1000)}`);
      else {
        mkdirSync(dirname(done), { recursive: true });
        writeFileSync(done, `${kernel}\n`);
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  expect(failed).toEqual([]);
}, 600_000);
