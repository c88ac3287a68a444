/** Builds the emulated GPU beside the library that it is opened by. */
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { programRoot } from "../../../cli/io";
import { cachePath } from "../../../cli/setup/cache";
import { searchLibtorch } from "../../../cli/setup/libtorch";
import { sourceKey } from "../../../cli/setup/native-path";

/** @returns where it lies; built once for its source and the native library's */
export function emulatedGpu(): string {
  const source = join(import.meta.dir, "emulated_cuda.cpp");
  const native = join(programRoot, "ffi", "native");
  const key = new Bun.CryptoHasher("sha256").update(sourceKey()).update(readFileSync(source)).digest("hex").slice(0, 16);
  const folder = cachePath("native", "emulated");
  const library = join(folder, `${key}.so`);
  if (existsSync(library)) return library;
  const torch = searchLibtorch().found?.dir;
  if (torch === undefined) throw new Error("no libtorch: earthcraft setup");
  mkdirSync(folder, { recursive: true });
  const part = `${library}.${process.pid}`;
  const headers = ["include", "include/torch/csrc/api/include"].flatMap((sub) => ["-isystem", join(torch, sub)]);
  const command = [process.env.CXX ?? "g++", "-std=c++17", "-O1", "-fPIC", "-shared", "-D_GLIBCXX_USE_CXX11_ABI=1", ...headers, "-I", native, source];
  const ran = Bun.spawnSync([...command, "-o", part, `-L${torch}/lib`, "-ltorch_cpu", "-lc10", `-Wl,-rpath,${torch}/lib`]);
  if (ran.exitCode !== 0) throw new Error(ran.stderr.toString().slice(0, 4000));
  renameSync(part, library);
  return library;
}
