/** What a rank and its parent say to each other: one JSON object a line, the parent on the control pipe (fd 4), the rank on fd 3. */
import type { ErrorRecord } from "../errors";
import type { StageRecord } from "./record";
import type { TaskSpec } from "./task";

export const REPORT_FD = 3;
export const CONTROL_FD = 4;
/** Set for a child that is to be a rank: the parent's process id. */
export const RANK_VARIABLE = "EARTHCRAFT_RANK_OF";

export type ToRank = { type: "task"; spec: TaskSpec } | { type: "report"; runDir: string } | { type: "cancel" };

export type FromRank =
  | { type: "ready" }
  | { type: "progress"; done: number; total: number; note?: string }
  | { type: "log"; text: string }
  | { type: "warn"; text: string }
  | { type: "done"; record?: StageRecord }
  | { type: "cancelled" }
  | { type: "failed"; error: ErrorRecord };

/** Cuts a stream of bytes into lines. */
export class Lines {
  #rest = "";
  readonly #decoder = new TextDecoder();

  push(bytes: Uint8Array): string[] {
    const parts = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split("\n");
    this.#rest = parts.pop()!;
    return parts.filter((line) => line !== "");
  }

  /** What came after the last line's end. */
  get rest(): string {
    return this.#rest;
  }
}
