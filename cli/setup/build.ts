/**
 * Builds the native library with CMake: incrementally, kept under a key of all that went into it, tried in a child process before anyone
 * uses it.
 *
 *     <cache>/native/trees/<compiler, libtorch>/              source/ (a copy), build/ (CMake's), build.log
 *     <cache>/native/<key>/libearthcraft.so, BUILD_DONE       finished, never changed again; with libearthcraft_cuda.so after `setup --cuda`
 *     <cache>/native/by-source/<source key>.json              what `native-path.ts` looks up
 */
import { appendFileSync, closeSync, copyFileSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, freemem } from "node:os";
import { dirname, join } from "node:path";
import { EXIT, UserError } from "../errors";
import type { Reporter, StageView } from "../ui/reporter";
import { cachePath } from "./cache";
import type { Nvcc } from "./cuda";
import { withFileLock } from "./file-lock";
import type { Libtorch } from "./libtorch";
import { type BuildRecord, nativeSources, recordPath, sourceKey } from "./native-path";
import { probeLibrary } from "./probe";
import { checkRequirements, requireAll } from "./requirements";

const LIBRARY = "libearthcraft.so";
const CUDA_LIBRARY = "libearthcraft_cuda.so";
/** What a compiler of ATen's headers takes at its worst. */
const BYTES_A_JOB = 1.3e9;

interface Tools {
  cmake: string;
  /** Path and version. */
  compiler: string;
  ninja: boolean;
}

function findTools(): Tools {
  requireAll(["build"]);
  const found = Object.fromEntries(checkRequirements(["build"]).all.map(({ name, found }) => [name, found]));
  return { cmake: "cmake", compiler: found.compiler ?? "", ninja: "ninja" in found };
}

function digest(parts: readonly string[]): string {
  return new Bun.CryptoHasher("sha256").update(parts.join("\0")).digest("hex").slice(0, 16);
}

/**
 * @param nvcc compiles libearthcraft_cuda.so as well
 * @returns the library of these sources: an earlier one when nothing changed, else a fresh build
 */
export async function buildNative(libtorch: Libtorch, reporter: Reporter, nvcc?: Nvcc): Promise<BuildRecord> {
  const tools = findTools();
  const tree = cachePath("native", "trees", digest([tools.compiler, libtorch.dir, tools.ninja ? "ninja" : "make"]));
  const waiting = () => reporter.info("waiting for another build of the native library to end");
  return withFileLock(
    `${tree}.lock`,
    async () => {
      const source = sourceKey();
      const done = cachePath("native", digest([source, tools.compiler, libtorch.version, libtorch.dir, ...(nvcc ? [nvcc.version] : [])]));
      if (!existsSync(join(done, "BUILD_DONE"))) {
        await compile(tree, tools, libtorch, reporter, nvcc);
        keep(join(tree, "build"), nvcc ? [LIBRARY, CUDA_LIBRARY] : [LIBRARY], done);
      }
      const { dir, version } = libtorch;
      const record: BuildRecord = {
        library: join(done, LIBRARY),
        libtorch: { dir, version },
        compiler: tools.compiler,
        ...(nvcc ? { cuda: nvcc.version } : {}),
      };
      mkdirSync(dirname(recordPath(source)), { recursive: true });
      writeAtomically(recordPath(source), `${JSON.stringify(record, null, 2)}\n`);
      return record;
    },
    waiting,
  );
}

/** Copies finished libraries to their place for ever; the marker comes last. The first is tried; the one for GPUs takes a GPU to try. */
function keep(build: string, libraries: readonly string[], done: string): void {
  const built = join(build, libraries[0]!);
  const verdict = probeLibrary(built);
  if (!verdict.ok)
    throw new UserError({
      what: `the native library was built but does not work: ${verdict.detail}`,
      where: built,
      fix: "./earthcraft doctor shows what it was built with; another libtorch can be named in EARTHCRAFT_LIBTORCH",
      exit: EXIT.missing,
    });
  const part = `${done}.${process.pid}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true });
  for (const library of libraries) copyFileSync(join(build, library), join(part, library));
  writeFileSync(join(part, "BUILD_DONE"), `${verdict.detail}\n`);
  rmSync(done, { recursive: true, force: true });
  renameSync(part, done);
}

function writeAtomically(path: string, text: string): void {
  writeFileSync(`${path}.${process.pid}`, text);
  renameSync(`${path}.${process.pid}`, path);
}

/**
 * Makes `to` equal to `from`, touching only files that differ. All checkouts of a user build from this copy: what they have in common is
 * compiled once, and a compiler cache sees one path.
 */
function mirror(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  const files = (folder: string) => [...new Bun.Glob("**/*").scanSync({ cwd: folder })];
  const wanted = new Set(files(from));
  for (const file of files(to)) if (!wanted.has(file)) rmSync(join(to, file));
  for (const file of wanted) {
    const bytes = readFileSync(join(from, file));
    const target = join(to, file);
    if (existsSync(target) && readFileSync(target).equals(bytes)) continue;
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, bytes);
  }
}

async function compile(tree: string, tools: Tools, libtorch: Libtorch, reporter: Reporter, nvcc: Nvcc | undefined): Promise<void> {
  const [source, build] = [join(tree, "source"), join(tree, "build")];
  mirror(nativeSources, source);
  const log = join(tree, "build.log");
  writeFileSync(log, "");
  const compilerPath = tools.compiler.slice(0, tools.compiler.lastIndexOf(" "));
  const configure = [
    ...[tools.cmake, "-S", source, "-B", build, "-G", tools.ninja ? "Ninja" : "Unix Makefiles"],
    ...["-DCMAKE_BUILD_TYPE=Release", `-DCMAKE_CXX_COMPILER=${compilerPath}`, `-DEARTHCRAFT_LIBTORCH=${libtorch.dir}`],
    ...(nvcc ? ["-DEARTHCRAFT_CUDA=ON", `-DEARTHCRAFT_NVCC=${nvcc.path}`] : ["-DEARTHCRAFT_CUDA=OFF"]),
  ];
  const targets = ["earthcraft", ...(nvcc ? ["earthcraft_cuda"] : [])];
  const jobs = Math.max(1, Math.min(availableParallelism(), Math.floor(freemem() / BYTES_A_JOB)));
  const view: StageView = { id: "native", title: "Native library", index: 1, count: 1, tasks: 1 };
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  reporter.info(
    `building the native library with ${tools.compiler}${nvcc ? `, nvcc ${nvcc.version}` : ""} and libtorch ${libtorch.version}, ${jobs} job(s); log: ${log}`,
  );
  reporter.stageStart(view);
  for (const command of [configure, [tools.cmake, "--build", build, "--target", ...targets, "--parallel", String(jobs)]]) {
    const status = await runLogged(command, log, (done, total) => reporter.stageProgress(view, { done, total }));
    if (status === 0) continue;
    reporter.stageEnd(view, { status: "failed", seconds: seconds() });
    const text = readFileSync(log, "utf8").replaceAll(source, nativeSources).trim();
    const last = text.split("\n").slice(-20).join("\n  ");
    throw new UserError({
      what: `the native library could not be built; the last lines of its log:\n  ${last}`,
      where: log,
      fix: hint(text),
      exit: EXIT.missing,
    });
  }
  reporter.stageEnd(view, { status: "done", seconds: seconds() });
}

/** @param progress called with what `[3/27]` (ninja) or `[ 12%]` (make) says */
async function runLogged(command: string[], log: string, progress: (done: number, total: number) => void): Promise<number> {
  appendFileSync(log, `$ ${command.join(" ")}\n`);
  const errors = openSync(log, "a");
  try {
    const child = Bun.spawn(command, {
      stdin: "ignore",
      stdout: "pipe",
      stderr: errors,
      env: { ...process.env, CCACHE_SLOPPINESS: "pch_defines,time_macros" },
    });
    for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
      appendFileSync(log, chunk);
      const ninja = [...chunk.matchAll(/\[(\d+)\/(\d+)\]/g)].at(-1);
      const make = [...chunk.matchAll(/\[ *(\d+)%\]/g)].at(-1);
      if (ninja) progress(Number(ninja[1]), Number(ninja[2]));
      else if (make) progress(Number(make[1]), 100);
    }
    return await child.exited;
  } finally {
    closeSync(errors);
  }
}

const HINTS: [RegExp, string][] = [
  [
    /Killed|cannot allocate memory|out of memory/i,
    "the compiler ran out of memory: close other programs, or add swap, and run the same command again",
  ],
  [/No space left on device/, "the disk is full: free some space or move the cache with XDG_CACHE_HOME"],
  [
    /fatal error: (ATen|c10|torch)\//,
    "libtorch's headers are incomplete: remove its folder (./earthcraft doctor names it) and run ./earthcraft setup again",
  ],
  [
    /cannot find -l|libc10\.so|libtorch_cpu\.so/,
    "libtorch's libraries are incomplete: remove its folder (./earthcraft doctor names it) and run ./earthcraft setup again",
  ],
  [/fatal error: (stdlib|iostream|string|vector)\b/, "the compiler has no standard library: apt-get install g++"],
];

function hint(log: string): string {
  return HINTS.find(([pattern]) => pattern.test(log))?.[1] ?? "./earthcraft doctor shows the compiler and the libtorch; CXX names another compiler";
}
