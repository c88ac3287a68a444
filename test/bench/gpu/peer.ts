/** The process of `peer.py`: PyTorch on the same GPU, asked one thing at a time. */
import { openSync } from "node:fs";
import { join } from "node:path";

export interface PeerAnswer {
  ms: number;
  /** Which of PyTorch's ways was the fastest, and what all took. */
  way: string;
  all: Record<string, number>;
  problems: Record<string, string>;
  /** Bytes that a call takes above what was there, at its peak. */
  peak: number;
  error_peer?: number;
  error_ours?: number;
}

const SLOWEST_MS = 60_000;
const GPU_PEER = join(import.meta.dir, "peer.py");

export class Peer {
  readonly #process;
  readonly #lines: AsyncGenerator<string>;
  #ended = false;
  readonly #slowest_ms: number;

  /** @param slowest_ms what an answer may take */
  constructor(
    python: string,
    device: string,
    log: string,
    { script = GPU_PEER, args = [] as string[], slowest_ms = SLOWEST_MS, env = process.env } = {},
  ) {
    this.#slowest_ms = slowest_ms;
    this.#process = Bun.spawn([python, "-u", script, device, ...args], {
      env,
      stdin: "pipe",
      stdout: "pipe",
      stderr: openSync(log, "w"),
    });
    this.#lines = linesOf(this.#process.stdout);
  }

  /** What it is, once it is there. */
  hello(): Promise<{ torch: string; device: string; python: string; versions?: Record<string, string> }> {
    return this.#answer(this.#slowest_ms);
  }

  async ask<T>(question: Record<string, unknown>): Promise<T> {
    this.#process.stdin.write(`${JSON.stringify(question)}\n`);
    this.#process.stdin.flush();
    return this.#answer(this.#slowest_ms);
  }

  async #answer<T>(within_ms: number): Promise<T> {
    if (this.#ended) throw new Error("the peer has ended");
    let timer: Timer | undefined;
    const late = new Promise<{ done: true; value: undefined }>((resolve) => {
      timer = setTimeout(() => resolve({ done: true, value: undefined }), within_ms);
    });
    const { done, value } = await Promise.race([this.#lines.next(), late]);
    clearTimeout(timer);
    if (done) {
      this.end(); // its answer would be taken for the next question's
      throw new Error("the peer ended or took too long: peer.log");
    }
    const answer = JSON.parse(value) as T & { error?: string };
    if (answer.error !== undefined) throw new Error(`the peer: ${answer.error}`);
    return answer;
  }

  end(): void {
    this.#ended = true;
    this.#process.kill();
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of stream) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}
