/** What earthcraft finds on this machine: every path tried for bun, libtorch, compiler, native library, GPU, disk and memory, each with a remedy. */
import { accessSync, constants, existsSync, mkdirSync, readFileSync, statfsSync } from "node:fs";
import { freemem, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { programRoot } from "../io";
import { cachePath } from "./cache";
import { type Attempt, searchLibtorch } from "./libtorch";
import { buildRecord, nativePath } from "./native-path";
import { LIBTORCH_DISK_MB } from "./pins";
import { probeGpu, probeLibrary } from "./probe";
import { checkRequirements } from "./requirements";

/** `missing`: earthcraft does not work without it; `note`: it works, but read this. */
export type CheckStatus = "ok" | "note" | "missing";

export interface Check {
  name: string;
  status: CheckStatus;
  detail: string;
  /** Every place looked at, in order. */
  tried?: Attempt[];
  remedy?: string;
}

const QUICKSTART_MEMORY_GB = 6;
const QUICKSTART_DISK_MB = 3000;

function bunCheck(env: NodeJS.ProcessEnv): Check {
  const places: [string, string | undefined][] = [
    ["EARTHCRAFT_BUN", env.EARTHCRAFT_BUN],
    ["PATH", Bun.which("bun", { PATH: env.PATH ?? "" }) ?? undefined],
    ["node_modules", join(programRoot, "node_modules/bun/bin/bun.exe")],
    ...[...new Bun.Glob("node_modules/@oven/bun-*/bin/bun").scanSync({ cwd: programRoot })].map((path): [string, string] => [
      "node_modules",
      join(programRoot, path),
    ]),
    ["cache", cachePath(`bun-${Bun.version}`, "bun")],
  ];
  const tried = places.map(([source, path]): Attempt => {
    if (!path) return { source, ok: false, detail: source === "PATH" ? "no bun" : "not set" };
    if (!existsSync(path)) return { source, path, ok: false, detail: "no such file" };
    const version = path === process.execPath ? Bun.version : Bun.spawnSync([path, "--version"], { timeout: 5000 }).stdout.toString().trim();
    return { source, path, ok: version !== "", detail: version || "does not run" };
  });
  return { name: "bun", status: "ok", detail: `${process.execPath} ${Bun.version} runs this`, tried };
}

function libtorchCheck(env: NodeJS.ProcessEnv): Check {
  const { found, attempts } = searchLibtorch(env);
  return found
    ? { name: "libtorch", status: "ok", detail: `${found.version} from ${found.source}: ${found.dir}`, tried: attempts }
    : { name: "libtorch", status: "missing", detail: "not found", tried: attempts, remedy: "./earthcraft setup fetches it (545 MB, once)" };
}

function toolChecks(env: NodeJS.ProcessEnv, haveLibtorch: boolean): Check[] {
  const { all, installCommand } = checkRequirements(["bun", "torch", "build"]);
  // With a bun that runs and a libtorch that is there, npm and pip have nothing left to do.
  const optional = (name: string) => name === "npm" || ((name === "python3" || name === "pip") && haveLibtorch) || Boolean(env.EARTHCRAFT_NATIVE);
  return all.map(({ name, ok, found }): Check => {
    if (ok) return { name, status: "ok", detail: found };
    return { name, status: optional(name) ? "note" : "missing", detail: found, ...(installCommand ? { remedy: installCommand } : {}) };
  });
}

function nativeCheck(env: NodeJS.ProcessEnv): Check {
  const record = buildRecord(env);
  const tried: Attempt[] = [];
  const candidates: [string, string | undefined][] = [
    ["EARTHCRAFT_NATIVE", env.EARTHCRAFT_NATIVE],
    ["built from these sources", record?.library],
  ];
  for (const [source, path] of candidates) {
    if (!path) {
      tried.push({ source, ok: false, detail: source === "EARTHCRAFT_NATIVE" ? "not set" : "not built" });
      continue;
    }
    const verdict = existsSync(path) ? probeLibrary(path, env) : { ok: false, detail: "no such file" };
    tried.push({ source, path, ...verdict });
    if (verdict.ok) return { name: "native library", status: "ok", detail: `${path}: ${verdict.detail}`, tried };
    if (source === "EARTHCRAFT_NATIVE")
      return { name: "native library", status: "missing", detail: verdict.detail, tried, remedy: "correct EARTHCRAFT_NATIVE or unset it" };
  }
  const broken = tried.at(-1)?.path;
  const remedy = broken ? `rm -r ${join(broken, "..")} && ./earthcraft setup` : "./earthcraft setup";
  return { name: "native library", status: "missing", detail: tried.at(-1)?.detail ?? "", tried, remedy };
}

/** Whether `--device cuda` would work; without a GPU nothing is missing. */
function gpuLibraryCheck(env: NodeJS.ProcessEnv): Check {
  const name = "gpu library";
  const library = nativePath(env);
  const path = library === undefined ? undefined : join(dirname(library), "libearthcraft_cuda.so");
  const haveGpu = Bun.which("nvidia-smi") !== null;
  if (library === undefined || path === undefined || !existsSync(path))
    return {
      name,
      status: "note",
      detail: "not built",
      remedy: haveGpu ? "./earthcraft setup --cuda, for --device cuda" : "none needed without a GPU",
    };
  if (!haveGpu) return { name, status: "ok", detail: `${path}: built; there is no GPU to try it on` };
  const verdict = probeGpu(library, env);
  return verdict.ok
    ? { name, status: "ok", detail: `${path}: opens, finds ${verdict.detail}` }
    : { name, status: "note", detail: `${path}: ${verdict.detail}`, remedy: "./earthcraft setup --cuda, or --device cpu" };
}

function processorCheck(): Check {
  const info = existsSync("/proc/cpuinfo") ? readFileSync("/proc/cpuinfo", "utf8") : "";
  const flags = new Set(
    info
      .match(/^flags\s*:(.*)$/m)?.[1]
      ?.trim()
      .split(" "),
  );
  const kinds = ["avx2", "fma", "avx512f", "avx512_bf16", "amx_bf16"].filter((flag) => flags.has(flag));
  const model = info.match(/^model name\s*:\s*(.*)$/m)?.[1] ?? process.arch;
  const slow = process.arch === "x64" && !flags.has("avx2");
  return {
    name: "processor",
    status: slow ? "note" : "ok",
    detail: `${model}, ${navigator.hardwareConcurrency} threads, ${kinds.join(" ") || "baseline"}`,
    ...(slow ? { remedy: "without AVX2 the slowest kernels run; use a newer processor for training" } : {}),
  };
}

function gpuCheck(): Check {
  const smi = Bun.which("nvidia-smi");
  if (!smi)
    return { name: "gpu", status: "note", detail: "none (nvidia-smi is not on PATH)", remedy: "none needed: the processor computes everything" };
  const query = ["--query-gpu=name,driver_version,memory.free,memory.total", "--format=csv,noheader"];
  const ran = Bun.spawnSync([smi, ...query], { timeout: 10_000 });
  const said = ran.stdout.toString().trim();
  if (ran.exitCode !== 0 || said === "")
    return {
      name: "gpu",
      status: "note",
      detail: `${smi} gives no answer: ${said || ran.stderr.toString().trim()}`,
      remedy: "see the driver's log (dmesg | grep NVRM)",
    };
  return { name: "gpu", status: "ok", detail: said.split("\n").join("; ") };
}

function diskCheck(name: string, folder: string, need_MB: number): Check {
  const probe = existingParent(folder);
  const { bavail, bsize } = statfsSync(probe);
  const free_MB = Math.floor((bavail * bsize) / 1e6);
  try {
    accessSync(probe, constants.W_OK);
  } catch {
    return {
      name,
      status: "missing",
      detail: `${probe} is not writable`,
      remedy: name === "cache disk" ? "put the cache elsewhere with XDG_CACHE_HOME" : "use --out",
    };
  }
  return free_MB < need_MB
    ? { name, status: "note", detail: `${folder}: ${free_MB} MB free, ${need_MB} MB may be needed`, remedy: "free some space" }
    : { name, status: "ok", detail: `${folder}: ${Math.round(free_MB / 1000)} GB free` };
}

function existingParent(folder: string): string {
  let at = folder;
  while (!existsSync(at)) at = join(at, "..");
  return at;
}

function memoryCheck(): Check {
  const available = existsSync("/proc/meminfo")
    ? Number(readFileSync("/proc/meminfo", "utf8").match(/^MemAvailable:\s*(\d+)/m)?.[1] ?? 0) * 1024
    : freemem();
  const gb = available / 1e9;
  const detail = `${gb.toFixed(1)} GB available of ${(totalmem() / 1e9).toFixed(1)} GB`;
  return gb < QUICKSTART_MEMORY_GB
    ? { name: "memory", status: "note", detail, remedy: `the quickstart takes up to ${QUICKSTART_MEMORY_GB} GB: close other programs` }
    : { name: "memory", status: "ok", detail };
}

export function examine(env: NodeJS.ProcessEnv = process.env): Check[] {
  mkdirSync(cachePath(), { recursive: true });
  const libtorch = libtorchCheck(env);
  return [
    bunCheck(env),
    libtorch,
    ...toolChecks(env, libtorch.status === "ok"),
    nativeCheck(env),
    processorCheck(),
    gpuCheck(),
    gpuLibraryCheck(env),
    memoryCheck(),
    diskCheck("cache disk", cachePath(), libtorch.status === "ok" ? 500 : LIBTORCH_DISK_MB + 500),
    diskCheck("runs disk", join(process.cwd(), "runs"), QUICKSTART_DISK_MB),
  ];
}

const SIGN: Record<CheckStatus, string> = { ok: "ok  ", note: "note", missing: "MISS" };

/** One line a check, the places tried below it, then the remedy. */
export function describeChecks(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  return checks
    .flatMap(({ name, status, detail, tried = [], remedy }) => [
      `${SIGN[status]}  ${name.padEnd(width)}  ${detail}`,
      ...tried.map(
        (attempt) =>
          `${" ".repeat(width + 8)}${attempt.ok ? "+" : "-"} ${attempt.source}${attempt.path ? ` ${attempt.path}` : ""}: ${attempt.detail}`,
      ),
      ...(status !== "ok" && remedy ? [`${" ".repeat(width + 8)}=> ${remedy}`] : []),
    ])
    .join("\n");
}
