/**
 * `make bench DEVICE=cuda`: the heavy operations on a GPU beside PyTorch on the same GPU, in one session, on the same tensors. Both sides warm up,
 * time blocks of calls that end with a wait for the GPU, and give the median; results are compared with a reference in higher precision.
 *
 *     bench.ts OUT [--seconds 140] [--device cuda:0] [--sizes paper|tiny] [--half bf16|f32] [--only WORD] [--python python3] [--data RUN] [--trace]
 *
 * OUT/bench.md is the table, OUT/step.md what a training step is made of. `--trace` runs every row once more into OUT/trace.json, for trace-table.ts. `--data` names a run of the quickstart that got to its split; without it one
 * is made. Where --seconds end, the rows that are left are left out. With EARTHCRAFT_NATIVE_CUDA=the emulated GPU, --sizes tiny, --half f32 tries it all.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { sourceKey } from "../../../cli/setup/native-path";
import {
  deviceName,
  deviceType,
  emptyDeviceCache,
  loadSafetensors,
  ops,
  saveSafetensors,
  scope,
  span,
  startTrace,
  stopTrace,
  synchronize,
  Tensor,
  useDevice,
} from "../../../ffi";
import { Grouped } from "../workloads/grouped";
import { groups } from "./groups";
import { Peer, type PeerAnswer } from "./peer";
import { type Sizes, sizes } from "./sizes";
import { profileStep } from "./step";
import { line, type Measured, markdown, measure, peakOf, type Roofline, rooflineOf, type Work } from "./table";

/** Seconds kept for the training step, the last of all. */
const STEP_SECONDS = 28;

interface RowOptions {
  /** The peer's name of this row in the group that was prepared; absent: it has none. */
  peer?: string;
  work: Work;
  run: () => unknown;
  /** Whether the peer is given the results; default true. */
  compared?: boolean;
  per?: number;
  mostCalls?: number;
  /** Another way of ours, which stands in the peer's column. */
  beside?: { way: string; run: () => void };
}

export class Bench extends Grouped {
  readonly rows: Measured[] = [];
  readonly notes: string[] = [];
  readonly voxelFile: string;

  constructor(
    readonly device: string,
    readonly half: "bf16" | "f32",
    readonly sizes: Sizes,
    readonly roofline: Roofline | undefined,
    private readonly peer: Peer,
    /** In memory, if there is such a folder: what the two sides hand each other. */
    private readonly folder: string,
    private readonly changed: () => void,
    /** A file for what every row computes. */
    private readonly trace?: string,
  ) {
    super();
    this.voxelFile = join(folder, "voxels.safetensors");
  }

  say(text: string): void {
    console.log(text);
    this.notes.push(text);
  }

  add(row: Measured): void {
    this.rows.push(row);
    console.log(line(row, this.roofline));
    this.changed();
  }

  override endGroup(): void {
    super.endGroup();
    if (deviceType(this.device) === "cuda") emptyDeviceCache();
  }

  /** Lets the peer draw a group's inputs, and brings them here. */
  async prepare(group: string, how: Record<string, unknown>): Promise<Record<string, Tensor>> {
    const inputs = join(this.folder, "inputs.safetensors");
    rmSync(inputs, { force: true });
    await this.peer.ask({ prepare: group, inputs, ...how });
    if (!existsSync(inputs)) return {};
    return this.make(() => Object.fromEntries([...loadSafetensors(inputs).tensors].map(([name, t]) => [name, t.to(this.device)])));
  }

  /** Voxels of a terrain of terrain.py's, in Morton order; in a file too. */
  async voxels(terrain: { side: number; height: number }): Promise<Tensor> {
    const { coords } = await this.prepare("ground", terrain);
    const sorted = this.make(() => ops.earthcraft.voxelUnique(coords!)[0]);
    saveSafetensors(this.voxelFile, new Map([["coords", sorted]]));
    return sorted;
  }

  async row(name: string, { peer, work, run, compared = true, per, mostCalls, beside }: RowOptions): Promise<void> {
    const row: Measured = { name, ours_ms: Number.NaN, per, peak: 0, work };
    try {
      row.peak = peakOf(run, this.device);
      const outputs = join(this.folder, "outputs.safetensors");
      if (peer && compared) scope(() => saveSafetensors(outputs, new Map((run() as Tensor[]).map((t, i) => [String(i), t.contiguous()]))));
      row.ours_ms = measure(run, this.device, mostCalls);
      if (beside) row.beside = { way: beside.way, ms: measure(beside.run, this.device, mostCalls) };
      if (this.trace) this.traced(name, run, this.trace);
      if (deviceType(this.device) === "cuda") emptyDeviceCache();
      if (peer) row.peer = await this.peer.ask<PeerAnswer>({ row: peer, outputs: compared ? outputs : "" });
    } catch (error) {
      row.problem = String(error).slice(0, 300);
    }
    this.add(row);
  }

  private traced(name: string, run: () => unknown, file: string): void {
    startTrace(file);
    scope(() => span(name, () => void run()));
    stopTrace();
  }
}

interface Smi {
  name: string;
  driver: string;
  clocks: string;
}

function nvidiaSmi(): Smi | undefined {
  const fields = "name,driver_version,clocks.sm,clocks.mem,clocks.max.sm,power.draw,power.limit,temperature.gpu";
  try {
    const ran = Bun.spawnSync(["nvidia-smi", `--query-gpu=${fields}`, "--format=csv,noheader"], { stdio: ["ignore", "pipe", "ignore"] });
    const [name, driver, sm, mem, max, draw, limit, temperature] = ran.stdout.toString().trim().split("\n")[0]!.split(", ");
    if (limit === undefined) return undefined;
    return { name: name!, driver: driver!, clocks: `SM ${sm} of ${max}, memory ${mem}, ${draw} of ${limit}, ${temperature} °C` };
  } catch {
    return undefined;
  }
}

/** Clocks while the GPU works: asked by another process, for this one waits for the GPU. */
async function clocksAtWork(run: () => void, device: string): Promise<string> {
  const query = Bun.spawn(["sh", "-c", "sleep 0.3; nvidia-smi --query-gpu=clocks.sm,clocks.mem,power.draw --format=csv,noheader"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const end = performance.now() + 900;
  while (performance.now() < end) {
    for (let i = 0; i < 4; ++i) run();
    synchronize(device);
  }
  return (await new Response(query.stdout).text()).trim();
}

async function main(): Promise<void> {
  const begin = performance.now();
  const { values: flags, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seconds: { type: "string", default: "140" },
      device: { type: "string", default: "cuda:0" },
      sizes: { type: "string", default: "paper" },
      half: { type: "string", default: "bf16" },
      only: { type: "string", default: "" },
      python: { type: "string", default: process.env.EARTHCRAFT_PEERS || "python3" },
      data: { type: "string", default: "" },
      trace: { type: "boolean", default: false },
    },
  });
  if (flags.device === "cuda") flags.device = "cuda:0";
  const out = resolve(positionals[0] ?? "build/bench-gpu");
  mkdirSync(out, { recursive: true });
  const elapsed = () => (performance.now() - begin) / 1000;
  const left = () => Number(flags.seconds) - elapsed();
  const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "earthcraft-bench-"));
  const stepWanted = "training step".includes(flags.only);

  const before = nvidiaSmi();
  const peer = new Peer(flags.python, flags.device, join(out, "peer.log"));
  const data = flags.data || join(folder, "quickstart");
  const stages = flags.data || !stepWanted ? undefined : prepareData(data, join(out, "data.log"));
  try {
    useDevice(flags.device);
    const name = deviceType(flags.device) === "cuda" ? deviceName(flags.device) : "the processor";
    const roofline = rooflineOf(name);
    const hello = await peer.hello();
    await stages?.exited; // its threads would disturb what is timed
    console.log(`${name}; peer: torch ${hello.torch}, Python ${hello.python}; ready after ${elapsed().toFixed(1)} s`);

    const head: string[] = [];
    const dropped: string[] = [];
    const write = () => writeFileSync(join(out, "bench.md"), report({ name, before, hello, head, dropped, bench }));
    const trace = flags.trace ? join(out, "trace.json") : undefined;
    if (trace) writeFileSync(trace, "[\n");
    const scale = sizes[flags.sizes as keyof typeof sizes];
    const bench = new Bench(flags.device, flags.half as "bf16" | "f32", scale, roofline, peer, folder, () => write(), trace);
    await ceilings(bench, head, flags.sizes === "tiny");
    for (const group of groups.filter(({ name }) => name.includes(flags.only))) {
      if (left() - (stepWanted ? STEP_SECONDS : 0) < group.seconds) {
        dropped.push(group.name);
        continue;
      }
      const start = elapsed();
      try {
        await group.run(bench);
      } catch (error) {
        bench.say(`${group.name} failed: ${String(error).slice(0, 300)}`);
      }
      bench.endGroup();
      console.log(`-- ${group.name}: ${(elapsed() - start).toFixed(1)} s, ${elapsed().toFixed(1)} s in all`);
    }
    write();
    peer.end();
    if (stepWanted && left() > 8) {
      const step = await profileStep({ data, device: flags.device, until: performance.now() + 1000 * (left() - 4), scratch: folder });
      writeFileSync(join(out, "step.md"), step);
      console.log(step);
    } else if (stepWanted) dropped.push("training step");
    write();
    if (dropped.length > 0) console.log(`left out, for ${flags.seconds} s were over: ${dropped.join(", ")}`);
    console.log(`done after ${elapsed().toFixed(1)} s: ${join(out, "bench.md")}`);
  } finally {
    peer.end();
    stages?.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The quickstart's data, which the training step is of. */
function prepareData(run: string, log: string) {
  const root = join(import.meta.dir, "..", "..", "..");
  return Bun.spawn([process.execPath, "cli/main.ts", "run", "recipes/quickstart.yaml", "--until", "split", "--out", run], {
    ...{ cwd: root, env: { ...process.env, EARTHCRAFT_DEVICE: "cpu" } },
    stdio: ["ignore", Bun.file(log), Bun.file(log)],
  });
}

/** What the card does in the two things that all others are made of. */
async function ceilings(bench: Bench, head: string[], small: boolean): Promise<void> {
  const { device } = bench;
  const bytes = small ? 4e4 : 2 ** 30;
  const [from, to] = bench.make(() => [Tensor.ones([bytes / 4], { dtype: "f32" }), Tensor.zeros([bytes / 4])]) as [Tensor, Tensor];
  const copy_ms = measure(() => void to.copy_(from), device);
  head.push(`Copy within the GPU's memory: ${((2 * bytes) / copy_ms / 1e9).toFixed(2)} TB/s read and written`);
  if (nvidiaSmi() !== undefined) {
    const a = bench.make(() => Tensor.ones([4096, 4096]).to(bench.half));
    head.push(`Clocks at work: ${await clocksAtWork(() => scope(() => void a.matmul(a)), device)}`);
  }
  bench.endGroup();
}

interface Report {
  name: string;
  before: Smi | undefined;
  hello: { torch: string; python: string };
  head: string[];
  dropped: string[];
  bench: Bench;
}

function report({ name, before, hello, head, dropped, bench }: Report): string {
  const { roofline } = bench;
  const about = [
    `${name}${before ? `; driver ${before.driver}; before: ${before.clocks}` : ""}`,
    `${new Date().toISOString().slice(0, 10)}; bun ${Bun.version}, sources of the native library ${sourceKey({})}; peer: torch ${hello.torch}, Python ${hello.python}`,
    ...(roofline
      ? [
          `Roofline of the data sheet: ${roofline.bf16 / 1e12} TFLOP/s bf16 dense, ${roofline.f32 / 1e12} f32 without TF32, ${roofline.memory / 1e12} TB/s`,
        ]
      : []),
    ...head,
    "Medians of 12 blocks of calls, each block ended by a wait for the GPU. Errors: |found − reference| / |reference|, the reference in f64 (convolution, AdamW) or f32",
    ...bench.notes,
    ...(dropped.length > 0 ? [`Left out for lack of time: ${dropped.join(", ")}`] : []),
  ];
  return `${about.map((text) => `- ${text}.`).join("\n")}\n\n${markdown(bench.rows, roofline)}\n`;
}

if (import.meta.main) await main();
