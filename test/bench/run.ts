/**
 * `make bench`: one table of the heavy operations beside what people would use instead, on the library built from these sources.
 *
 *     ./earthcraft bun test/bench/run.ts [--only WORD] [--threads 2] [--seed 1] [--seconds 0.2] [--rounds 5] [--markdown FILE] [--quick]
 *
 * Peers need the Python that `test/parity/requirements.txt` describes. Beside the rows of `cpu/`, every other script `NAME.ts` of this folder is run with
 * `--threads N --json`; its lines of JSON, { name, ours_ms, peer_ms, ratio, bar, stretch?, error, about? }, are rows. `--quick` leaves those out. Exits with 1
 * where a result was wrong or a row failed; a bar that is missed is in the table.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { describeError, EXIT, UserError } from "../../cli/errors";
import { processIo } from "../../cli/io";
import { ensureNative } from "../../cli/setup/native";
import { sourceKey } from "../../cli/setup/native-path";
import { makeReporter } from "../../cli/ui/make-reporter";
import { torchPython } from "../parity/python";
import { Bench, cpuTold } from "./cpu/bench";
import { groups } from "./cpu/groups";
import { limits } from "./cpu/limits";
import { type Measured, markdown, summary, textHead, textLine, verdict } from "./cpu/table";

const root = join(import.meta.dir, "..", "..");
const NO_ROWS = /^(run|trace-table|trace-picture)\.ts$|\.test\.ts$/;

const { values: flags } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    threads: { type: "string", default: "2" },
    seed: { type: "string", default: "1" },
    seconds: { type: "string" },
    rounds: { type: "string" },
    markdown: { type: "string" },
    quick: { type: "boolean", default: false },
  },
});

function pythonWithTorch(): string {
  const { python, reason } = torchPython();
  if (python) return python;
  throw new UserError({ what: `nothing to compare with: ${reason.split(": ")[0]}`, fix: reason.split(": ").slice(1).join(": "), exit: EXIT.missing });
}

/** What other scripts of this folder measure. */
interface ScriptRow {
  name: string;
  ours_ms?: number;
  peer_ms?: number | null;
  ratio?: number | null;
  bar?: number | null;
  stretch?: number | null;
  error?: number | null;
  about?: string;
  problem?: string;
}

async function runScript(script: string, python: string, library: string, tell: (row: Measured) => void): Promise<void> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, script), "--threads", flags.threads, "--json"], {
    cwd: root,
    // The peer of linear.ts is the libtorch that ours is linked with, which ours calls itself on Intel's processors unless told otherwise.
    env: {
      ...{ ...process.env, EARTHCRAFT_NATIVE: library, EARTHCRAFT_PEERS: python, OMP_NUM_THREADS: flags.threads },
      ...(script === "linear.ts" ? { EARTHCRAFT_LINEAR: "ours" } : {}),
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  for (const line of (await new Response(child.stdout).text()).split("\n")) {
    if (!line.startsWith("{")) {
      if (line) console.error(line);
      continue;
    }
    const { name, ours_ms, peer_ms, ratio, bar, stretch, error, about, problem } = JSON.parse(line) as ScriptRow;
    tell({
      ...{ name, ours_ms, peer_ms: peer_ms ?? undefined, figure: ratio ?? (ours_ms && peer_ms ? ours_ms / peer_ms : Number.NaN), about, problem },
      bar: bar == null ? undefined : { at: bar, stretch: stretch ?? undefined, better: "less" },
      error_ours: error ?? undefined,
      validity: "unverified",
    });
  }
  if ((await child.exited) !== 0) tell({ name: script, figure: Number.NaN, problem: `ended with ${child.exitCode ?? child.signalCode}` });
}

async function main(): Promise<void> {
  const python = pythonWithTorch();
  const library =
    process.env.EARTHCRAFT_NATIVE || (await ensureNative(makeReporter(processIo(), { json: false, quiet: false, verbose: false }))).library;
  process.env.EARTHCRAFT_NATIVE = library;
  const out = join(root, "build");
  mkdirSync(out, { recursive: true });

  const rows: Measured[] = [];
  const tell = (row: Measured) => {
    rows.push(row);
    console.log(textLine(row));
  };
  const bench = new Bench(
    {
      ...{ python, library, threads: Number(flags.threads), seed: Number(flags.seed), quick: flags.quick, log: join(out, "bench-peers.log") },
      ...{ seconds: Number(flags.seconds ?? (flags.quick ? 0 : 0.2)), rounds: Number(flags.rounds ?? (flags.quick ? 1 : 5)) },
    },
    tell,
  );
  const head = [
    `${new Date().toISOString().slice(0, 10)}, ${cpuTold()}`,
    `${flags.threads} thread(s) unless said; Bun ${Bun.version}, sources of the native library ${sourceKey({})}`,
    "medians of blocks of calls, ours and the peer's in turn; one thread by its processor time; errors: |found − reference| / |reference|, the reference in f64 (f32 for bf16 attention and blocks)",
  ];
  try {
    head.splice(1, 0, ...(await bench.hello()));
    for (const text of head) console.log(text);
    console.log(textHead());
    for (const group of [...groups, ...limits].filter(({ name }) => name.includes(flags.only))) {
      try {
        await group.run(bench);
      } catch (error) {
        bench.add({ name: group.name, figure: Number.NaN, problem: String(error).slice(0, 300) });
      }
      bench.endGroup();
    }
  } finally {
    bench.close();
  }
  const scripts = [...new Bun.Glob("*.ts").scanSync({ cwd: import.meta.dir })].filter((script) => !NO_ROWS.test(script)).sort();
  if (!flags.quick) for (const script of scripts.filter((name) => name.includes(flags.only))) await runScript(script, python, library, tell);
  console.log([...new Set(bench.notes)].join("\n"));
  console.log(summary(rows));
  if (flags.markdown) writeFileSync(flags.markdown, markdown([...head, ...new Set(bench.notes)], rows));
  if (rows.some((row) => ["wrong", "failed"].includes(verdict(row))) || rows.length === 0) process.exitCode = EXIT.failed;
}

try {
  await main();
} catch (error) {
  console.error(describeError(error));
  process.exitCode = error instanceof UserError ? error.exit : EXIT.bug;
}
