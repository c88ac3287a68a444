/**
 * Hash grids and a whole InstantNGP step beside the same in torch operators (peers/ngp.py), f32, in one run on the same tensors: milliseconds, ratio (below 1
 * we are faster), what is achieved. Ours and the peer take turns; the quicker of each counts. With one thread the processor's
 * time is taken, else the wall clock's.
 *
 *     ./earthcraft bun test/bench/ngp.ts [--samples 65536] [--threads 2] [--log2-entries 19] [--levels 16] [--seed 1] [--rounds 3] [--json]
 *
 * EARTHCRAFT_PEERS names a python with torch. `--json` prints a line of JSON a row: {name, ours_ms, peer_ms, ratio, bar, error}.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { parseArgs } from "node:util";
import { AdamW, grad, noGrad, normal, SparseAdam, scope, setThreads, Tensor, uniform } from "../../ffi";
import { composite, RadianceField } from "../../ffi/hashgrid";
import { median } from "./gpu/table";

const { values } = parseArgs({
  args: Bun.argv.slice(2),
  options: {
    samples: { type: "string", default: "65536" },
    threads: { type: "string", default: "2" },
    "log2-entries": { type: "string", default: "19" },
    levels: { type: "string", default: "16" },
    seed: { type: "string", default: "1" },
    rounds: { type: "string", default: "3" },
    repeat: { type: "string", default: "5" },
    json: { type: "boolean", default: false },
  },
});
const [samples, threads, seed, rounds, repeat] = [values.samples, values.threads, values.seed, values.rounds, values.repeat].map(Number) as [
  number,
  number,
  number,
  number,
  number,
];
const PER_RAY = 64;
const rays = Math.floor(samples / PER_RAY);
const EXTENT_M = 4;
setThreads(threads);

const field = new RadianceField({ extent_m: EXTENT_M, grid: { levels: Number(values.levels), log2Entries: Number(values["log2-entries"]) } });
field.materialize({ seed });
const stream = (index: number) => ({ seed, purpose: "test", index }) as const;
const table = field.grid.table.tensor;
noGrad(() => void table.copy_(uniform(table.shape, stream(0)).sub(0.5)));
const positions = uniform([samples, 3], stream(1));
const directions = scope(() => {
  const any = normal([samples, 3], stream(2));
  return any.div(any.pow(2).sum(1, true).sqrt());
});
const lengths = uniform([samples], stream(3)).mul(0.2);
const distances = Tensor.zeros([samples]);
const starts = Tensor.arange(rays + 1).mul(PER_RAY);
const target = uniform([rays, 3], stream(4));
const features = normal([samples, field.grid.width], stream(5)).transpose(0, 1).contiguous().transpose(0, 1);
const ones = Tensor.ones([samples, field.grid.width]);
const adam = { lr: 1e-4, betas: [0.9, 0.99], eps: 1e-15 } as const;
const optimizers = [new SparseAdam([field.grid.table], adam), new AdamW([field.densityNet.weights, field.colorNet.weights], adam)];

function loss(): Tensor {
  const { densities, colors } = field.forward(positions, directions);
  return composite({ lengths, distances, starts }, densities, colors, { leastLight: 0 }).color.sub(target).pow(2).mean();
}

const runs = {
  encode: () => noGrad(() => field.grid.forward(positions)),
  encode_both: () => grad([field.grid.forward(positions)], [table], [ones]),
  mlp: () => noGrad(() => field.densityNet.forward(features)),
  step: () => {
    for (const optimizer of optimizers) optimizer.zeroGrad();
    loss().backward();
    for (const optimizer of optimizers) optimizer.step();
  },
};
type Run = keyof typeof runs;

/** Milliseconds; with one thread those of the processor, which other programs hardly change. */
function clock(): number {
  if (threads > 1) return performance.now();
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
}

function ours(run: Run): number {
  const times = Array.from({ length: repeat + 1 }, () => {
    const begin = clock();
    scope(() => void runs[run]());
    return clock() - begin;
  });
  return median(times.slice(1));
}

const folder = mkdtempSync(join(tmpdir(), "earthcraft-ngp-"));
const write = (name: string, tensor: Tensor) => writeFileSync(join(folder, `${name}.f32`), tensor.contiguous().toBytes());
const read = (name: string) => new Float32Array(readFileSync(join(folder, `peer-${name}.f32`)).buffer);

/** |ours − peer| / |peer|, of all elements together: ReLU's kink sends single samples either way, which one element shows much larger. */
function difference(found: Tensor, name: string): number {
  const [mine, theirs] = [found.contiguous().toArray(), read(name)];
  let [apart, size] = [0, 0];
  for (const [i, value] of theirs.entries()) {
    apart += (mine[i]! - value) ** 2;
    size += value ** 2;
  }
  return Math.sqrt(apart / size);
}

/** Errors of a forward pass, of the gradients of a step. Before anything is timed: steps change the field. */
function errors(): Record<Run, number> {
  return scope(() => {
    const encoded = noGrad(() => field.grid.forward(positions));
    const [encode, mlp] = [
      difference(encoded, "encode"),
      difference(
        noGrad(() => field.densityNet.forward(encoded)),
        "mlp",
      ),
    ];
    const found = loss();
    const parameters = [table, field.densityNet.weights.tensor, field.colorNet.weights.tensor];
    const slopes = grad([found], parameters) as Tensor[];
    const wanted = Number(readFileSync(join(folder, "peer-loss.json"), "utf8"));
    const step = Math.max(
      Math.abs(found.item() - wanted) / wanted,
      ...["table-grad", "density-grad", "color-grad"].map((name, i) => difference(slopes[i]!, name)),
    );
    return { encode, encode_both: difference(slopes[0]!, "table-grad"), mlp, step };
  });
}

const flops = (widths: readonly number[]) => widths.slice(1).reduce((sum, width, l) => sum + 2 * width * widths[l]!, 0) * samples;
const ROWS: { run: Run; name: string; bar: number | null; achieved: (ms: number) => string }[] = [
  { run: "encode", name: "hash-grid encode", bar: 0.3, achieved: (ms) => `${((samples * field.grid.levels * 8) / ms / 1e6).toFixed(2)} Grow/s` },
  {
    run: "encode_both",
    name: "hash-grid encode, forward + backward",
    bar: null,
    achieved: (ms) => `${((2 * samples * field.grid.levels * 8) / ms / 1e6).toFixed(2)} Grow/s`,
  },
  { run: "mlp", name: "density network", bar: null, achieved: (ms) => `${(flops(field.densityNet.widths) / ms / 1e6).toFixed(0)} GFLOP/s` },
  { run: "step", name: "NGP step", bar: 0.4, achieved: (ms) => `${(samples / ms / 1e3).toFixed(2)} Msample/s` },
];

try {
  for (const [name, tensor] of Object.entries({ positions, directions, lengths, target, table })) write(name, tensor);
  write("density", field.densityNet.weights.tensor);
  write("color", field.colorNet.weights.tensor);
  const { resolutions, log2Entries, features: width } = field.grid;
  const about = { samples, rays, threads, repeat, resolutions, log2Entries, features: width, extent: EXTENT_M };
  writeFileSync(join(folder, "about.json"), JSON.stringify({ ...about, density: field.densityNet.widths, color: field.colorNet.widths }));

  const peer = Bun.spawn([process.env.EARTHCRAFT_PEERS || "python3", join(import.meta.dir, "peers", "ngp.py"), folder], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
    env: { ...process.env, OMP_NUM_THREADS: String(threads) },
  });
  const lines = createInterface({ input: Readable.fromWeb(peer.stdout as never) })[Symbol.asyncIterator]();
  const ask = async (what: string): Promise<{ ms: number }> => {
    peer.stdin.write(`${what}\n`);
    await peer.stdin.flush();
    const { value, done } = await lines.next();
    if (done) throw new Error("ngp.py ended");
    return JSON.parse(value);
  };

  await ask("values");
  const found = errors();
  if (!values.json)
    console.log(
      `${samples} samples, ${field.grid.levels} levels × 2^${log2Entries} × ${width}, ${threads} thread(s)`.padEnd(58) +
        "ours ms   peer ms  ratio    bar    error  achieved",
    );
  for (const { run, name, bar, achieved } of ROWS) {
    const best = { ours: Number.POSITIVE_INFINITY, peer: Number.POSITIVE_INFINITY };
    for (let round = 0; round < rounds; round++) {
      best.ours = Math.min(best.ours, ours(run));
      best.peer = Math.min(best.peer, (await ask(run)).ms);
    }
    const ratio = best.ours / best.peer;
    const error = found[run];
    console.log(
      values.json
        ? JSON.stringify({ name, ours_ms: best.ours, peer_ms: best.peer, ratio, bar, error })
        : `${name.padEnd(55)}${best.ours.toFixed(2).padStart(10)}${best.peer.toFixed(2).padStart(10)}${ratio.toFixed(3).padStart(7)}` +
            `${(bar ?? "").toString().padStart(7)}${error.toExponential(1).padStart(9)}  ${achieved(best.ours)}`,
    );
  }
  peer.stdin.end();
  await peer.exited;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
