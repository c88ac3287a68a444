/** Progress for programs: one JSON object a line on stderr, under `--json`. */
import type { ErrorRecord } from "../errors";
import type { Io } from "../io";
import type { Progress, Reporter, StageOutcome, StageView } from "./reporter";

export type ProgressEvent =
  | { event: "info" | "warning" | "debug"; text: string }
  | ({ event: "stage-start" } & StageView)
  | ({ event: "stage-progress"; id: string } & Progress)
  | ({ event: "stage-end"; id: string } & StageOutcome)
  | { event: "error"; error: ErrorRecord };

const EVERY_MS = 1000;

export class EventReporter implements Reporter {
  #told = Number.NEGATIVE_INFINITY;

  constructor(
    readonly io: Io,
    readonly options: { quiet: boolean; verbose: boolean },
  ) {}

  info(text: string): void {
    if (!this.options.quiet) this.emit({ event: "info", text });
  }

  warn(text: string): void {
    this.emit({ event: "warning", text });
  }

  debug(text: string): void {
    if (this.options.verbose) this.emit({ event: "debug", text });
  }

  stageStart(stage: StageView): void {
    if (!this.options.quiet) this.emit({ event: "stage-start", ...stage });
  }

  stageProgress({ id }: StageView, progress: Progress): void {
    const now = this.io.monotonic();
    if (this.options.quiet || (now - this.#told < EVERY_MS && progress.done < progress.total)) return;
    this.#told = now;
    this.emit({ event: "stage-progress", id, ...progress });
  }

  stageEnd({ id }: StageView, outcome: StageOutcome): void {
    if (!this.options.quiet) this.emit({ event: "stage-end", id, ...outcome });
  }

  async confirm(_question: string, fallback: boolean): Promise<boolean> {
    return fallback;
  }

  close(): void {}

  emit(event: ProgressEvent): void {
    this.io.stderr.write(`${JSON.stringify(event)}\n`);
  }
}
