/** Runs the real program in a folder of its own, with the fixture plugin configured. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { bunCommand, programRoot } from "../../cli/io";

export const fixturePlugin = join(import.meta.dir, "fixture-plugin");
/** What the launcher hands over to. */
export const programCommand = bunCommand(join(programRoot, "cli", "main.ts"));

export interface Finished {
  stdout: string;
  stderr: string;
  code: number;
  /** Milliseconds of computing: what a quiet machine would take, on a busy one too. */
  cpu_ms: number;
}

export class Program implements Disposable {
  readonly dir = mkdtempSync(join(tmpdir(), "earthcraft-cli-"));
  readonly env: Record<string, string>;

  constructor(plugins: readonly string[] = [fixturePlugin]) {
    this.write("config.json", JSON.stringify({ plugins }));
    const { PATH = "", HOME = "/", TMPDIR } = process.env;
    this.env = { PATH, HOME, ...(TMPDIR === undefined ? {} : { TMPDIR }), EARTHCRAFT_CONFIG: join(this.dir, "config.json"), OMP_NUM_THREADS: "2" };
  }

  write(name: string, text: string): string {
    const path = join(this.dir, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  read(name: string): string {
    return readFileSync(join(this.dir, name), "utf8");
  }

  json<T = Record<string, unknown>>(name: string): T {
    return JSON.parse(this.read(name)) as T;
  }

  has(name: string): boolean {
    return existsSync(join(this.dir, name));
  }

  async run(...args: string[]): Promise<Finished> {
    return this.start(...args).finished();
  }

  /** The first argument may be further variables of the environment. */
  start(...args: [Record<string, string>, ...string[]] | string[]): Running {
    const [first, ...rest] = args;
    const [env, words] = typeof first === "object" ? [first, rest] : [{}, args];
    return new Running([...programCommand, ...(words as string[])], this.dir, { ...this.env, ...env });
  }

  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** A program that is running; its lines can be waited for. */
export class Running {
  readonly process: Bun.Subprocess<"ignore", "pipe", "pipe">;
  #stderr = "";
  readonly #stdout: Promise<string>;
  readonly #reading: Promise<void>;
  #waiting: (() => void)[] = [];

  constructor(command: string[], cwd: string, env: Record<string, string>) {
    this.process = Bun.spawn(command, { cwd, env, stdin: "ignore", stdout: "pipe", stderr: "pipe", detached: true });
    this.#stdout = new Response(this.process.stdout).text();
    this.#reading = this.#read();
  }

  get pid(): number {
    return this.process.pid;
  }

  get stderr(): string {
    return this.#stderr;
  }

  get ended(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }

  /** Resolves when stderr matches; fails when the program ends without. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.#stderr);
      if (match !== null) return match;
      if (this.ended) throw new Error(`ended without saying ${pattern}:\n${this.#stderr}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async finished(): Promise<Finished> {
    const stdout = await this.#stdout;
    await this.#reading;
    await this.process.exited;
    const cpu_ms = Number(this.process.resourceUsage()?.cpuTime.total ?? Number.NaN) / 1000;
    return { stdout, stderr: this.#stderr, code: this.process.exitCode ?? -1, cpu_ms };
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of this.process.stderr) {
      this.#stderr += decoder.decode(bytes, { stream: true });
      this.#wake();
    }
    await this.process.exited;
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** True while any thread of the process runs: a zombie whose other threads go on has not ended. */
export function isRunning(pid: number): boolean {
  try {
    const tasks = [...new Bun.Glob("*").scanSync({ cwd: `/proc/${pid}/task`, onlyFiles: false })];
    return tasks.some((task) => !/^\d+ \(.*\) [ZX] /.test(readFileSync(`/proc/${pid}/task/${task}/stat`, "utf8")));
  } catch {
    return false;
  }
}

/** Processes that a process has started and that have not ended: of the program, its ranks. */
export function childrenOf(pid: number): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((child) => {
      try {
        return Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${child}/stat`, "utf8"))?.[1]) === pid && isRunning(child);
      } catch {
        return false; // it has just ended
      }
    });
}

/** Waits until `condition` holds. @returns the milliseconds it took @throws after `limit_ms` */
export async function until(condition: () => boolean, limit_ms: number): Promise<number> {
  const started = performance.now();
  while (!condition()) {
    if (performance.now() - started > limit_ms) throw new Error(`did not happen within ${limit_ms} ms`);
    await Bun.sleep(5);
  }
  return performance.now() - started;
}
