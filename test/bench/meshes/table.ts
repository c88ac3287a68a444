/** Rows of ours beside a peer's, measured in turns; the peers live in one Python process. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scope, type Tensor } from "../../../ffi";

export interface Answer {
  ms: number;
  /** How far the peer's result lies from ours, in the row's own unit. */
  error?: number;
  [fact: string]: number | undefined;
}

export interface Comparison<T> {
  name: string;
  /** The ratio that must be kept, where there is one, and the one to be wished for. */
  bar?: number;
  stretch?: number;
  ours: () => T;
  peer: Record<string, unknown> & { task: string };
  /** Writes what the peer's last round compares, and returns what to add to its task. */
  check?: (result: T) => Record<string, unknown>;
  rounds?: number;
}

export class Table {
  private readonly python;
  private readonly lines;

  constructor(readonly options: { folder: string; threads: number; rounds: number; json: boolean }) {
    const script = join(import.meta.dir, "peers.py");
    this.python = Bun.spawn([process.env.EARTHCRAFT_PEERS || "python3", script], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
      env: { ...process.env, OMP_NUM_THREADS: String(options.threads) },
    });
    this.lines = linesOf(this.python.stdout);
    if (!options.json) console.log(`${"meshes".padEnd(58)}${`ours ms   peer ms  ratio    bar      error   threads ${options.threads}`}`);
  }

  async ask(task: Record<string, unknown>): Promise<Answer> {
    this.python.stdin.write(`${JSON.stringify({ ...task, folder: this.options.folder, threads: this.options.threads })}\n`);
    await this.python.stdin.flush();
    const { value, done } = await this.lines.next();
    if (done) throw new Error(`the peer ended in ${task.task}`);
    return JSON.parse(value) as Answer;
  }

  /** A tensor's bytes as a file for the peer. */
  give(name: string, tensor: Tensor): string {
    writeFileSync(join(this.options.folder, name), tensor.toBytes());
    return name;
  }

  async compare<T>({ name, bar, stretch, ours, peer, check, rounds = this.options.rounds }: Comparison<T>): Promise<number> {
    let [oursMs, peerMs, difference] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0];
    const once = () => {
      const begin = performance.now();
      const result = ours();
      oursMs = Math.min(oursMs, performance.now() - begin);
      return result;
    };
    const added = scope(() => check?.(once()));
    for (let round = 0; round < rounds; round++) {
      scope(() => void once());
      peerMs = Math.min(peerMs, (await this.ask(peer)).ms);
    }
    if (added) {
      const answer = await this.ask({ ...peer, ...added });
      difference = answer.error ?? Number.NaN;
    }
    this.row({ name, ours_ms: oursMs, peer_ms: peerMs, ratio: oursMs / peerMs, bar, stretch, error: difference });
    return oursMs;
  }

  row(row: { name: string; ours_ms: number; peer_ms?: number; ratio?: number; bar?: number; stretch?: number; error: number }): void {
    if (this.options.json) return void console.log(JSON.stringify(row));
    const cell = (value: number | undefined, width: number, digits: number) => (value === undefined ? "" : value.toFixed(digits)).padStart(width);
    const bars = row.bar === undefined ? "" : `${row.bar}${row.stretch ? ` (${row.stretch})` : ""}`;
    console.log(
      `${row.name.padEnd(54)}${cell(row.ours_ms, 11, 2)}${cell(row.peer_ms, 10, 2)}${cell(row.ratio, 7, 2)}  ${bars.padEnd(11)}${row.error.toExponential(1)}`,
    );
  }

  end(): void {
    this.python.kill();
  }
}

/** The most memory that the process has held since the last call, and what it holds now, in bytes. */
export function peakMemory(): { peak: number; now: number } {
  const field = (name: string) => 1024 * Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync("/proc/self/status", "utf8"))?.[1]);
  const found = { peak: field("VmHWM"), now: field("VmRSS") };
  writeFileSync("/proc/self/clear_refs", "5");
  return found;
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  let left = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    left += decoder.decode(chunk, { stream: true });
    for (let end = left.indexOf("\n"); end >= 0; end = left.indexOf("\n")) {
      yield left.slice(0, end);
      left = left.slice(end + 1);
    }
  }
}
