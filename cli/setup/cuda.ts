/**
 * What a GPU needs beside libtorch: CUDA's compiler, found or fetched, which builds libearthcraft_cuda.so on any machine; and, where there is a GPU
 * and libtorch lies in the cache folder, the libraries that libtorch_cuda.so stands on.
 */
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { EXIT, UserError } from "../errors";
import type { Reporter } from "../ui/reporter";
import { cachePath } from "./cache";
import { withFileLock } from "./file-lock";
import { cachedDir, type Libtorch } from "./libtorch";
import { CUDA_LIBRARIES_DISK_MB, CUDA_LIBRARIES_DOWNLOAD_MB, cudaLibraryWheels, NVCC_DOWNLOAD_MB, nvccWheels, type Wheel } from "./pins";
import { fetchWheels, requireSpace } from "./wheels";

/** The CUDA that libtorch 2.11.0 is built with. */
const CUDA_VERSION = "13.0";

export interface Nvcc {
  path: string;
  /** As it says itself: `13.0.88`. */
  version: string;
}

const fetchedFolder = () => cachePath("cuda", `${CUDA_VERSION}-${process.arch}`);
const fetchedPath = () => join(fetchedFolder(), "nvidia", "cu13", "bin", "nvcc");

function ask(path: string): Nvcc | undefined {
  if (!existsSync(path)) return undefined;
  const ran = Bun.spawnSync([path, "--version"], { timeout: 10_000 });
  const version = ran.stdout.toString().match(/V(\d+\.\d+\.\d+)/)?.[1];
  return version === undefined ? undefined : { path, version };
}

/** A compiler of the right version on PATH or in CUDA's usual folder, else the one in the cache folder. */
export function findNvcc(): Nvcc | undefined {
  const places = [Bun.which("nvcc"), "/usr/local/cuda/bin/nvcc", fetchedPath()];
  return places.map((place) => (place ? ask(place) : undefined)).find((nvcc) => nvcc?.version.startsWith(`${CUDA_VERSION}.`));
}

function pinned(wheels: Wheel[] | undefined, what: string): Wheel[] {
  if (wheels) return wheels;
  throw new UserError({ what: `there are no wheels of ${what} for ${process.arch}`, fix: "use --device cpu", exit: EXIT.missing });
}

/** @returns a compiler of CUDA, from the Python package index where the machine has none */
export async function ensureNvcc(reporter: Reporter): Promise<Nvcc> {
  const found = findNvcc();
  if (found) return found;
  const wheels = pinned(nvccWheels(), "nvcc");
  mkdirSync(dirname(fetchedFolder()), { recursive: true });
  return withFileLock(`${fetchedFolder()}.lock`, async () => {
    reporter.info(`getting nvcc ${CUDA_VERSION} (${NVCC_DOWNLOAD_MB} MB, once) from the Python package index into ${fetchedFolder()}`);
    if (!ask(fetchedPath())) {
      const otherwise = `install CUDA ${CUDA_VERSION} and put its nvcc on PATH`;
      await fetchWheels(wheels, fetchedFolder(), reporter, otherwise);
      // A zip archive's members lose the right to be run.
      for (const folder of [dirname(fetchedPath()), join(fetchedFolder(), "nvidia", "cu13", "nvvm", "bin")])
        for (const name of readdirSync(folder, { withFileTypes: true })) if (name.isFile()) chmodSync(join(folder, name.name), 0o755);
    }
    const nvcc = ask(fetchedPath());
    if (!nvcc) throw new UserError({ what: `nvcc was unpacked but does not run: ${fetchedPath()}`, exit: EXIT.missing });
    return nvcc;
  });
}

/** Where there is a driver of NVIDIA's, and libtorch is our own copy: cuBLAS, cuDNN and the others, where a torch of Python's would have them. */
export async function ensureCudaLibraries(libtorch: Libtorch, reporter: Reporter): Promise<void> {
  const done = join(cachedDir(), "CUDA_LIBRARIES");
  if (libtorch.source !== "cache" || Bun.which("nvidia-smi") === null || existsSync(done)) return;
  const wheels = pinned(cudaLibraryWheels(), "CUDA's libraries");
  await withFileLock(cachePath("libtorch", ".lock"), async () => {
    if (existsSync(done)) return;
    requireSpace(cachedDir(), "what libtorch needs for GPUs", CUDA_LIBRARIES_DISK_MB);
    reporter.info(`getting CUDA's libraries for libtorch (${CUDA_LIBRARIES_DOWNLOAD_MB} MB, once) into ${cachedDir()}`);
    const apart = join(cachedDir(), ".cuda-libraries");
    await fetchWheels(wheels, apart, reporter, "use a torch of Python's that has them");
    cpSync(join(apart, "nvidia"), join(cachedDir(), "nvidia"), { recursive: true });
    rmSync(apart, { recursive: true });
    writeFileSync(done, `${wheels.map(({ requirement }) => requirement).join("\n")}\n`);
  });
}
