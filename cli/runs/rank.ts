/**
 * A rank: the child process in which stages run and tensors live. It takes tasks from the control pipe until that ends.
 *
 * Stages compute synchronously, so nothing here relies on the event loop: an idle rank blocks in `read`, and `task.cancelled` looks at the pipe itself.
 */
import { readSync } from "node:fs";
import { toRecord } from "../errors";
import { Host } from "../host";
import { writeAll } from "../io";
import { Cancelled } from "../plugin";
import { dieWithParent, isReadable, parentPid } from "./libc";
import { CONTROL_FD, type FromRank, Lines, RANK_VARIABLE, REPORT_FD, type ToRank } from "./messages";
import { executeTask, type TaskHooks, type TaskSpec } from "./task";

const SIGKILL = 9;
/** How often progress may be written, and the pipe be looked at. */
const REPORT_EVERY_MS = 100;
const POLL_EVERY_MS = 20;

function tell(message: FromRank): void {
  try {
    writeAll(REPORT_FD, `${JSON.stringify(message)}\n`);
  } catch {
    process.kill(process.pid, "SIGKILL"); // nobody listens any more
  }
}

class Control {
  readonly #lines = new Lines();
  readonly #waiting: ToRank[] = [];
  readonly #buffer = Buffer.alloc(1 << 16);
  #cancelled = false;
  #polled = 0;

  /** Blocks until a task comes; undefined at the end of the pipe. */
  next(): Exclude<ToRank, { type: "cancel" }> | undefined {
    for (;;) {
      const message = this.#waiting.shift();
      if (message === undefined) {
        if (!this.#read()) return undefined;
      } else if (message.type !== "cancel") return message;
    }
  }

  get cancelled(): boolean {
    const now = performance.now();
    if (!this.#cancelled && now - this.#polled >= POLL_EVERY_MS) {
      this.#polled = now;
      while (isReadable(CONTROL_FD)) if (!this.#read()) process.kill(process.pid, "SIGKILL"); // the parent has gone
    }
    return this.#cancelled;
  }

  #read(): boolean {
    const count = readSync(CONTROL_FD, this.#buffer);
    for (const line of this.#lines.push(this.#buffer.subarray(0, count))) {
      const message = JSON.parse(line) as ToRank;
      if (message.type === "cancel") this.#cancelled = true;
      this.#waiting.push(message);
    }
    return count > 0;
  }
}

function hooks(host: Host, control: Control): TaskHooks {
  let last = Number.NEGATIVE_INFINITY;
  return {
    progress(done, total, note) {
      const now = performance.now();
      if (now - last < REPORT_EVERY_MS && done < total) return;
      last = now;
      tell({ type: "progress", done, total, ...(note === undefined ? {} : { note }) });
    },
    log: (text) => tell({ type: "log", text }),
    warn: (text) => tell({ type: "warn", text }),
    cancelled: () => control.cancelled,
    metric: (name) => host.metric(name),
  };
}

async function runTask(host: Host, spec: TaskSpec, control: Control): Promise<void> {
  const stage = await host.stage(spec.stage);
  if (stage === undefined) throw new Error(`no plugin has the stage "${spec.stage}"`);
  tell({ type: "done", record: await executeTask(stage, spec, hooks(host, control)) });
}

export async function rankMain(): Promise<void> {
  dieWithParent(SIGKILL);
  if (parentPid() !== Number(process.env[RANK_VARIABLE])) return; // it died before we asked
  delete process.env[RANK_VARIABLE]; // programs that a stage starts are no ranks
  process.on("SIGINT", () => {}); // the parent says when to stop
  const host = new Host(process.env);
  const control = new Control();
  tell({ type: "ready" });
  for (let message = control.next(); message !== undefined; message = control.next())
    try {
      if (message.type === "task") await runTask(host, message.spec, control);
      else {
        await host.report(message.runDir);
        tell({ type: "done" });
      }
    } catch (error) {
      tell(error instanceof Cancelled ? { type: "cancelled" } : { type: "failed", error: toRecord(error) });
    }
  process.exit(0); // whatever a stage left open
}
