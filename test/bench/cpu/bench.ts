/**
 * The heavy operations on the processor beside what people would use instead, in one run, on the same tensors, dtype and threads, through the product's own
 * TypeScript. Ours and the peer's calls alternate in blocks; medians of the blocks are compared, results with a reference in higher precision.
 *
 * Peers run in a Python process (`peers.py`), which draws the inputs and hands them over in files.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { loadSafetensors, memory, ops, resetPeakMemory, saveSafetensors, scope, setThreads, type Tensor, threads } from "../../../ffi";
import { Peer } from "../gpu/peer";
import { median } from "../gpu/table";
import { Grouped } from "../workloads/grouped";
import expected from "./expected.json";
import { type Sizes, sizes } from "./sizes";
import { type Bar, type Measured, time } from "./table";

export interface BenchOptions {
  python: string;
  library: string;
  threads: number;
  seed: number;
  /** Small sizes, each block one call: whether all goes, not how fast. */
  quick: boolean;
  /** Seconds a block of calls takes at least, and how many blocks there are of each side. */
  seconds: number;
  rounds: number;
  log: string;
}

interface RowOptions {
  /** The peer's name of this row in the group that was prepared. */
  peer: string;
  bar?: Bar;
  run: () => Tensor[];
  /** What is handed over to be compared, where it is not what `run` returns. */
  results?: () => Tensor[];
  /** Whether the peer is given the results; default true. */
  compared?: boolean;
  /** Calls of the operation in one of `run`. */
  per?: number;
  threads?: number;
  /** Relative error that is rounding's, whatever the peer's own is. */
  rounding?: number;
  /** The row's name in expected.json. */
  known?: string;
  about?: string;
}

interface PeerAnswer {
  way: string;
  all: Record<string, number>;
  problems: Record<string, string>;
  error_ours?: number;
  error_peer?: number;
}

const ROUNDING = { f32: 1e-5, bf16: 1e-2 } as const;
/** A peer that is slower than this against what is known of it runs on a disturbed machine. */
const SLOWER = 1.25;

export class Bench extends Grouped {
  readonly rows: Measured[] = [];
  readonly notes: string[] = [];
  readonly sizes: Sizes;
  readonly voxelFile: string;
  readonly #folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "earthcraft-bench-"));
  readonly #peer: Peer;

  constructor(
    readonly options: BenchOptions,
    private readonly tell: (row: Measured) => void,
  ) {
    super();
    this.sizes = sizes[options.quick ? "quick" : "full"];
    this.voxelFile = join(this.#folder, "voxels.safetensors");
    this.#peer = new Peer(options.python, "cpu", options.log, {
      script: join(import.meta.dir, "peers.py"),
      args: [options.library],
      slowest_ms: 600_000,
      env: { ...process.env, OMP_NUM_THREADS: String(options.threads) },
    });
    setThreads(options.threads);
  }

  async hello(): Promise<string[]> {
    const { python, versions } = await this.#peer.hello();
    const told = Object.entries(versions ?? {}).map(([name, version]) => `${name} ${version}`);
    return [`peers: Python ${python}, ${told.join(", ")}`];
  }

  close(): void {
    this.#peer.end();
    this.endGroup();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  add(row: Measured): void {
    this.rows.push(row);
    this.tell(row);
  }

  override endGroup(): void {
    super.endGroup();
    setThreads(this.options.threads);
  }

  /** A file of tensors for the peer. */
  handOver(name: string, tensors: Record<string, Tensor>): string {
    const file = join(this.#folder, name);
    saveSafetensors(file, new Map(Object.entries(tensors)));
    return file;
  }

  /** Lets the peer draw a group's inputs, and brings them here. */
  async prepare(group: string, how: Record<string, unknown>): Promise<Record<string, Tensor>> {
    const inputs = join(this.#folder, "inputs.safetensors");
    rmSync(inputs, { force: true });
    await this.#peer.ask({ prepare: group, inputs, seed: this.options.seed, threads: this.options.threads, ...how });
    if (!existsSync(inputs)) return {};
    return this.make(() => Object.fromEntries(loadSafetensors(inputs).tensors));
  }

  /** The corner of the terrain that `cut` names, in Morton order; in a file too. */
  async voxels(cut: keyof Sizes["cuts"]): Promise<Tensor> {
    const { coords } = await this.prepare("ground", { ...this.sizes.ground, cut: this.sizes.cuts[cut] });
    const sorted = this.make(() => ops.earthcraft.voxelUnique(coords!)[0]);
    saveSafetensors(this.voxelFile, new Map([["coords", sorted]]));
    return sorted;
  }

  /** Mean milliseconds of calls that fill a block; of one thread its processor time, which does not count what else the machine does meanwhile. */
  block(run: () => unknown): number {
    const clock = threads() === 1 ? () => process.cpuUsage().user / 1000 + process.cpuUsage().system / 1000 : () => performance.now();
    const begin = clock();
    let calls = 0;
    do {
      scope(() => void run());
      ++calls;
    } while (clock() - begin < 1000 * this.options.seconds);
    return (clock() - begin) / calls;
  }

  /** Medians of blocks of several things, in turn: whatever else the machine does meets all. */
  async alternate(...runs: (() => number | Promise<number>)[]): Promise<number[]> {
    const found: number[][] = runs.map(() => []);
    for (let round = 0; round < this.options.rounds; ++round) for (const [i, run] of runs.entries()) found[i]!.push(await run());
    return found.map(median);
  }

  /** Ours beside the peer. */
  async beside(
    name: string,
    { peer, bar, run, results = run, compared = true, per = 1, threads: wanted, rounding, known, about }: RowOptions,
  ): Promise<void> {
    const used = wanted ?? this.options.threads;
    try {
      setThreads(used);
      let outputs = "";
      let dtype: keyof typeof ROUNDING = "f32";
      if (compared)
        scope(() => {
          const found = results();
          if (found.some((t) => t.dtype === "bf16")) dtype = "bf16";
          outputs = this.handOver("outputs.safetensors", Object.fromEntries(found.map((t, i) => [String(i), t.contiguous()])));
        });
      scope(() => void run()); // warm
      const { way, all, problems, error_ours, error_peer } = await this.#peer.ask<PeerAnswer>({ row: peer, outputs, threads: used });
      const theirs = async () => (await this.#peer.ask<{ ms: number }>({ time: peer, seconds: this.options.seconds, threads: used })).ms;
      const [ours_ms, peer_ms] = (await this.alternate(() => this.block(run), theirs)) as [number, number];
      const wrong = error_ours !== undefined && !(error_ours <= Math.max(4 * error_peer!, rounding ?? ROUNDING[dtype]));
      const slower = Object.entries(all).filter(([other]) => other !== way);
      this.add({
        ...{ name, bar, error_ours, error_peer, wrong, ours_ms: ours_ms / per, peer_ms: peer_ms / per, figure: ours_ms / peer_ms },
        validity: this.#validity(known ?? name, peer_ms / per, used),
        about: [
          way,
          about,
          ...slower.map(([other, ms]) => `${other} ${time(ms / per)}`),
          ...Object.entries(problems).map(([other, why]) => `${other} not: ${why}`),
        ]
          .filter(Boolean)
          .join("; "),
      });
    } catch (error) {
      this.add({ name, bar, figure: Number.NaN, problem: String(error).slice(0, 200) });
    } finally {
      setThreads(this.options.threads);
    }
  }

  /** Ours beside another way of ours. */
  async besideOwn(name: string, { bar, way, run, other }: { bar: Bar; way: string; run: () => void; other: () => void }): Promise<void> {
    const [ours_ms, peer_ms] = (await this.alternate(
      () => this.block(run),
      () => this.block(other),
    )) as [number, number];
    this.add({ name, bar, ours_ms, peer_ms, figure: ours_ms / peer_ms, about: `ours: ${way}` });
  }

  /** Bytes of tensors above what is there before a call, at its peak. */
  peakOf(run: () => unknown): number {
    scope(() => void run()); // what is kept for later calls is not its own
    resetPeakMemory();
    const { liveBytes } = memory();
    scope(() => void run());
    return memory().peakBytes - liveBytes;
  }

  #validity(name: string, ms: number, used: number): Measured["validity"] {
    if (this.options.quick) return "unverified";
    const here = (expected.cpus as Record<string, { threads: number; ms: Record<string, number> }>)[cpuType()];
    const known = here?.ms[name];
    if (known === undefined || !(used === here!.threads || name.endsWith("one thread"))) return "unverified";
    return ms > SLOWER * known ? `invalid: the peer takes ${(ms / known).toFixed(2)} times the ${time(known)} it took elsewhere` : "as expected";
  }
}

/** `AuthenticAMD 26`: maker and family, as /proc/cpuinfo has them. */
export function cpuType(): string {
  const told = existsSync("/proc/cpuinfo") ? Bun.spawnSync(["sed", "-n", "1,/^$/p", "/proc/cpuinfo"]).stdout.toString() : "";
  const field = (name: string) => new RegExp(`^${name}\\s*: (.*)$`, "m").exec(told)?.[1] ?? "unknown";
  return `${field("vendor_id")} ${field("cpu family")}`;
}

/** What the processor is and can: bf16 and tiles decide rows in bf16. */
export function cpuTold(): string {
  const flags = existsSync("/proc/cpuinfo") ? Bun.spawnSync(["grep", "-m1", "^flags", "/proc/cpuinfo"]).stdout.toString().split(/\s+/) : [];
  const has = ["avx2", "avx512f", "avx512_bf16", "amx_bf16"].map(
    (flag) => `${flag.replace("avx512f", "avx512")} ${flags.includes(flag) ? "yes" : "no"}`,
  );
  const load = existsSync("/proc/loadavg") ? Bun.spawnSync(["cat", "/proc/loadavg"]).stdout.toString().split(" ")[0] : "unknown";
  return `${cpus().length} × ${cpus()[0]?.model.trim()} (${cpuType()}): ${has.join(", ")}; load before: ${load}`;
}
