/** The parent's side of rank processes: starts them, hands out tasks, forwards cancellation, tells a crash from an error. */
import { closeSync, writeSync } from "node:fs";
import { fromRecord, UserError } from "../errors";
import { Cancelled } from "../plugin";
import { CONTROL_FD, type FromRank, Lines, RANK_VARIABLE, REPORT_FD, type ToRank } from "./messages";
import type { StageRecord } from "./record";
import { type TaskSpec, taskLabel } from "./task";

export interface TaskEvents {
  progress(done: number, total: number, note?: string): void;
  log(text: string): void;
  warn(text: string): void;
}

export interface PoolOptions {
  /** Program and first arguments that start this very program. */
  command: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  /** Descriptors that every rank keeps open: the run's lock. */
  inherit: readonly number[];
  /** What stages print; natively, mostly warnings of libraries. */
  printed(text: string): void;
}

interface Placement {
  threads: number;
  device: string;
  /** Set for ranks that train together. "launcher": RANK and the like stand in the environment already; else each group is started afresh. */
  group?: "launcher" | { rank: number; size: number; port: number };
}

const TAIL_LINES = 12;
const CLOSE_MS = 3000;

function groupVariables({ rank, size, port }: { rank: number; size: number; port: number }): Record<string, string> {
  return { RANK: String(rank), LOCAL_RANK: String(rank), WORLD_SIZE: String(size), MASTER_ADDR: "127.0.0.1", MASTER_PORT: String(port) };
}

/** A rank's process ended in the middle of its work. */
class Crash extends UserError {}

class Rank {
  readonly #process: Bun.Subprocess;
  readonly #control: number;
  readonly #tail: string[] = [];
  #reading: Promise<void>;
  #current: { resolve(record: StageRecord | undefined): void; reject(error: Error): void; events: TaskEvents | undefined; label: string } | undefined;
  #killed = false;

  constructor(
    readonly placement: Placement,
    options: PoolOptions,
  ) {
    const threads = String(placement.threads);
    const { group } = placement;
    const { RANK: _rank, WORLD_SIZE: _size, LOCAL_RANK: _local, ...alone } = options.env;
    const env = {
      MKL_CBWR: "AUTO",
      // Threads that sleep at every join cost small operators twice their time; threads that spin for milliseconds stand in the way of all else the
      // machine does. 2,000 rounds are some 50 to 100 µs: as quick as 50,000 on a quiet machine, 3 × as quick beside two busy processes.
      OMP_WAIT_POLICY: "PASSIVE",
      GOMP_SPINCOUNT: "2000",
      ...(group === "launcher" ? options.env : alone),
      OMP_NUM_THREADS: threads,
      MKL_NUM_THREADS: threads,
      OMP_DYNAMIC: "FALSE",
      MKL_DYNAMIC: "FALSE",
      // Read when the tensor library is opened: where its tensors are made.
      EARTHCRAFT_DEVICE: placement.device,
      ...(typeof group === "object" ? groupVariables(group) : {}),
      [RANK_VARIABLE]: String(process.pid),
    };
    // A session of its own: what a terminal sends to its foreground group reaches the parent once, and no rank.
    this.#process = Bun.spawn([...options.command], {
      cwd: options.cwd,
      env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe", "pipe", "pipe", ...options.inherit],
    });
    const fds = this.#process.stdio as unknown as (number | null)[];
    this.#control = fds[CONTROL_FD]!;
    this.#reading = Promise.all([
      this.#listen(Bun.file(fds[REPORT_FD]!).stream()),
      this.#drain(this.#process.stdout as ReadableStream<Uint8Array>, options.printed),
      this.#drain(this.#process.stderr as ReadableStream<Uint8Array>, options.printed),
    ]).then(
      () => {},
      () => {}, // a broken pipe is told of by `#watch`
    );
    void this.#watch();
  }

  get pid(): number {
    return this.#process.pid;
  }

  get alive(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null && !this.#killed;
  }

  run(message: ToRank, label: string, events?: TaskEvents): Promise<StageRecord | undefined> {
    return new Promise((resolve, reject) => {
      this.#current = { resolve, reject, events, label };
      this.#send(message);
    });
  }

  cancel(): void {
    if (this.#current !== undefined) this.#send({ type: "cancel" });
  }

  kill(): void {
    this.#killed = true;
    this.#process.kill("SIGKILL");
  }

  /** Lets an idle rank end by itself, within a time. */
  async close(): Promise<void> {
    if (this.alive) closeSync(this.#control);
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), CLOSE_MS);
    await this.#process.exited;
    clearTimeout(timer);
  }

  #send(message: ToRank): void {
    try {
      writeSync(this.#control, `${JSON.stringify(message)}\n`);
    } catch {} // it has just died; `#watch` says so
  }

  async #listen(stream: ReadableStream<Uint8Array>): Promise<void> {
    const lines = new Lines();
    for await (const bytes of stream) for (const line of lines.push(bytes)) this.#heard(JSON.parse(line) as FromRank);
  }

  #heard(message: FromRank): void {
    const current = this.#current;
    if (message.type === "ready" || current === undefined) return;
    if (message.type === "progress") current.events?.progress(message.done, message.total, message.note);
    else if (message.type === "log" || message.type === "warn") current.events?.[message.type](message.text);
    else {
      this.#current = undefined;
      if (message.type === "done") current.resolve(message.record);
      else current.reject(message.type === "cancelled" ? new Cancelled() : fromRecord(message.error));
    }
  }

  async #drain(stream: ReadableStream<Uint8Array>, printed: (text: string) => void): Promise<void> {
    const lines = new Lines();
    const show = (line: string) => {
      this.#tail.push(line);
      if (this.#tail.length > TAIL_LINES) this.#tail.shift();
      printed(line);
    };
    for await (const bytes of stream) for (const line of lines.push(bytes)) show(line);
    if (lines.rest !== "") show(lines.rest);
  }

  async #watch(): Promise<void> {
    await this.#process.exited;
    const patience = Promise.withResolvers<void>(); // a grandchild may keep the pipes open
    const timer = setTimeout(patience.resolve, 500);
    await Promise.race([this.#reading, patience.promise]);
    clearTimeout(timer);
    const current = this.#current;
    this.#current = undefined;
    if (current === undefined) return;
    current.reject(this.#killed ? new Cancelled() : this.#crash(current.label));
  }

  #crash(label: string): Crash {
    const { signalCode, exitCode } = this.#process;
    const outOfMemory = signalCode === "SIGKILL" ? "; the kernel does that when memory runs out" : "";
    const how = signalCode === null ? `ended with code ${exitCode}` : `was ended by ${signalCode}${outOfMemory}`;
    const said = this.#tail.length === 0 ? "" : `\n${this.#tail.map((line) => `    ${line}`).join("\n")}`;
    return new Crash({
      what: `the process that worked on ${label} ${how}${said}`,
      fix: "finished stages and checkpoints are kept: run the same command again to go on from there",
    });
  }
}

export class RankPool {
  readonly #ranks = new Set<Rank>();
  readonly #busy = new Set<Rank>();
  #cancelled = false;

  constructor(readonly options: PoolOptions) {}

  /** Process ids of the ranks that live now. */
  get pids(): number[] {
    return [...this.#ranks].filter((rank) => rank.alive).map((rank) => rank.pid);
  }

  /** Runs one task in an idle rank, or in `size` ranks that train together. */
  async run(spec: TaskSpec, events: TaskEvents, size = 1): Promise<StageRecord> {
    if (size > 1) return this.#runGroup(spec, events, size);
    const rank = this.#take({ threads: spec.threads, device: spec.device, ...(spec.world.size > 1 ? { group: "launcher" } : {}) });
    return (await this.#use(rank, () => rank.run({ type: "task", spec }, taskLabel(spec), events)))!;
  }

  /** In whatever rank is idle. */
  async report(runDir: string): Promise<void> {
    const idle = [...this.#ranks].find((rank) => rank.alive && !this.#busy.has(rank));
    const rank = idle ?? this.#take({ threads: 1, device: "cpu" });
    await this.#use(rank, () => rank.run({ type: "report", runDir }, "the report"));
  }

  /** Lets the running tasks come to a stop of their own: they finish a step and write a checkpoint. */
  cancel(): void {
    this.#cancelled = true;
    for (const rank of this.#busy) rank.cancel();
  }

  kill(): void {
    for (const rank of this.#ranks) rank.kill();
  }

  /** Ends idle ranks beyond `keep`, so that they hold no memory. */
  async trim(keep: number): Promise<void> {
    const idle = [...this.#ranks].filter((rank) => !this.#busy.has(rank)).slice(keep);
    for (const rank of idle) this.#ranks.delete(rank);
    await Promise.all(idle.map((rank) => rank.close()));
  }

  async close(): Promise<void> {
    const all = [...this.#ranks];
    this.#ranks.clear();
    for (const rank of all) if (this.#busy.has(rank)) rank.kill();
    await Promise.all(all.map((rank) => rank.close()));
  }

  #take(placement: Placement): Rank {
    for (const rank of this.#ranks) {
      if (this.#busy.has(rank)) continue;
      const { threads, device, group } = rank.placement;
      if (rank.alive && threads === placement.threads && device === placement.device && group === placement.group) return rank;
      this.#ranks.delete(rank);
      void rank.close();
    }
    const rank = new Rank(placement, this.options);
    this.#ranks.add(rank);
    return rank;
  }

  async #use<T>(rank: Rank, work: () => Promise<T>): Promise<T> {
    this.#busy.add(rank);
    try {
      const running = work();
      if (this.#cancelled) rank.cancel();
      return await running;
    } finally {
      this.#busy.delete(rank);
      if (!rank.alive) this.#ranks.delete(rank);
    }
  }

  async #runGroup(spec: TaskSpec, events: TaskEvents, size: number): Promise<StageRecord> {
    await this.trim(0); // an idle rank would only hold memory
    const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const port = server.port;
    server.stop(true);
    const threads = Math.max(1, Math.floor(spec.threads / size));
    const ranks = Array.from({ length: size }, (_, rank) => new Rank({ threads, device: spec.device, group: { rank, size, port } }, this.options));
    for (const rank of ranks) this.#ranks.add(rank);
    const silent: TaskEvents = { ...events, progress() {} };
    const running = ranks.map((rank, i) =>
      this.#use(rank, () =>
        rank.run(
          { type: "task", spec: { ...spec, threads, world: { rank: i, size } } },
          `${taskLabel(spec)} (rank ${i} of ${size})`,
          i === 0 ? events : silent,
        ),
      ),
    );
    try {
      // The first that fails ends the wait; the others would wait for it for ever.
      const records = (await Promise.all(running)).filter((record) => record !== undefined);
      return { ...records[0]!, peakMemory_bytes: records.reduce((sum, { peakMemory_bytes }) => sum + peakMemory_bytes, 0) };
    } catch (error) {
      const cause = await causeOf(error, running);
      for (const rank of ranks) rank.kill();
      throw cause;
    } finally {
      for (const rank of ranks) this.#ranks.delete(rank);
      await Promise.all(ranks.map((rank) => rank.close()));
    }
  }
}

/** What its fellows say of the broken connection comes before the death of a rank is known. */
const GRACE_MS = 3000;

/** What to tell of a group of which one has failed: that failure, or the crash of another that it came from. */
async function causeOf(first: unknown, running: readonly Promise<unknown>[]): Promise<unknown> {
  if (first instanceof UserError || first instanceof Cancelled) return first;
  const grace = Promise.withResolvers<unknown>();
  const timer = setTimeout(() => grace.resolve(first), GRACE_MS);
  for (const one of running)
    one.catch((error) => {
      if (error instanceof Crash) grace.resolve(error);
    });
  const cause = await grace.promise;
  clearTimeout(timer);
  return cause;
}
