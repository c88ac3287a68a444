/**
 * What the CPU allocator promises: a fresh large tensor costs no more than twice one in memory that was used before, and a process that works on
 * tensors of ever changing size has at most 1.3 times the memory that its largest step needs.
 *
 *     ./earthcraft bun test/bench/allocator.ts [--json] [--megabytes 240] [--steps 300] [--rounds 15] [--threads 1]
 *
 * `--json` prints one object a row: name, ours_ms, peer_ms (or about: MB), ratio, bar, error.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { memory, ops, resetPeakMemory, scope, setThreads, type Tensor, trimMemory } from "../../ffi";
import { seeded } from "../seeded";

const { values } = parseArgs({
  args: Bun.argv.slice(2),
  options: {
    json: { type: "boolean", default: false },
    megabytes: { type: "string", default: "240" },
    steps: { type: "string", default: "300" },
    rounds: { type: "string", default: "15" },
    threads: { type: "string", default: "1" },
  },
});
const MB = 1e6;

interface Row {
  name: string;
  ours: number;
  peer: number;
  unit: "ms" | "mb";
  bar: number;
  error: number;
}

/** Milliseconds of a fill, in fresh pages and in pages that were written to before, in turn; the quicker of all rounds each. */
function fill(megabytes: number, rounds: number): Row {
  const once = () =>
    scope(() => {
      const start = performance.now();
      ops.aten.empty([(megabytes * MB) / 4]).fill_(1);
      return performance.now() - start;
    });
  const best = { fresh: Infinity, reused: Infinity };
  once();
  for (let round = 0; round < rounds; ++round) {
    trimMemory();
    best.fresh = Math.min(best.fresh, once());
    for (let again = 0; again < 3; ++again) best.reused = Math.min(best.reused, once());
  }
  const error = scope(() =>
    Math.abs(
      ops.aten
        .empty([(megabytes * MB) / 4])
        .fill_(1)
        .sum()
        .item() /
        ((megabytes * MB) / 4) -
        1,
    ),
  );
  return { name: `fill ${megabytes} MB, fresh beside reused`, ours: best.fresh, peer: best.reused, unit: "ms", bar: 2, error };
}

const resident = () => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))![1]) * 1024;

/** Steps as a training on scenes of different size has them: layers grow and shrink, all of a step is alive at its end. */
function raggedSteps(steps: number): Row {
  const random = seeded(5);
  let [base, largest, most] = [0, 0, 0];
  for (let step = -30; step < steps; ++step) {
    if (step === 0) {
      trimMemory(); // what the library itself and JavaScript take is there by now
      base = resident() - memory().liveBytes;
      largest = most = 0;
    }
    resetPeakMemory();
    const voxels = Math.floor(20_000 * (1 + 9 * random() ** 3));
    scope(() => {
      const kept: Tensor[] = [];
      for (const channels of [32, 64, 96, 64, 32]) {
        kept.push(ops.aten.empty([voxels, channels]).fill_(step));
        scope(() => void ops.aten.empty([Math.floor(voxels * (0.5 + random())), channels]).fill_(1)); // working memory
      }
      most = Math.max(most, resident() - base);
    });
    largest = Math.max(largest, memory().peakBytes);
    most = Math.max(most, resident() - base);
  }
  return {
    name: `resident memory over ${steps} ragged steps beside the largest step's tensors`,
    ours: most / MB,
    peer: largest / MB,
    unit: "mb",
    bar: 1.3,
    error: 0,
  };
}

setThreads(Number(values.threads));
const rows = [fill(Number(values.megabytes), Number(values.rounds)), raggedSteps(Number(values.steps))];
for (const { name, ours, peer, unit, bar, error } of rows) {
  const ratio = ours / peer;
  if (values.json)
    console.log(
      JSON.stringify({
        name,
        ...(unit === "ms" ? { ours_ms: ours, peer_ms: peer } : { about: `${ours.toFixed(0)} of ${peer.toFixed(0)} MB` }),
        ratio,
        bar,
        error,
      }),
    );
  else
    console.log(`${name.padEnd(76)}${ours.toFixed(1).padStart(8)}${peer.toFixed(1).padStart(8)} ${unit}  ratio ${ratio.toFixed(2)} (at most ${bar})`);
}
