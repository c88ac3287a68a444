/** Progress as plain lines, for pipes, logs and CI: no colour, no cursor codes, one line at most every 10 seconds or twentieth of a stage. */
import type { Io } from "../io";
import type { Progress, Reporter, StageOutcome, StageView } from "./reporter";
import { bytes, duration, harmless } from "./text";

const EVERY_MS = 10_000;

export function progressText({ done, total, note, stageEta_s, runEta_s }: Progress): string {
  const eta = stageEta_s === undefined ? "" : ` · ${duration(stageEta_s)} left`;
  const run = runEta_s === undefined || stageEta_s === undefined || runEta_s - stageEta_s < 1 ? "" : ` · run ${duration(runEta_s)} left`;
  return harmless(`${total === 0 ? "running" : `${done}/${total}`}${eta}${run}${note === undefined ? "" : ` · ${note}`}`);
}

export function outcomeText({ status, seconds, peakMemory_bytes, note }: StageOutcome): string {
  const memory = peakMemory_bytes === undefined ? "" : `, peak ${bytes(peakMemory_bytes)}`;
  return `${status} in ${duration(seconds)}${memory}${note === undefined ? "" : ` (${note})`}`;
}

export class LineReporter implements Reporter {
  #told = { at: Number.NEGATIVE_INFINITY, fraction: 0 };

  constructor(
    readonly io: Io,
    readonly options: { quiet: boolean; verbose: boolean },
  ) {}

  info(text: string): void {
    if (!this.options.quiet) this.#line(text);
  }

  warn(text: string): void {
    this.#line(`warning: ${text}`);
  }

  debug(text: string): void {
    if (this.options.verbose) this.#line(text);
  }

  stageStart(stage: StageView): void {
    this.#told = { at: this.io.monotonic(), fraction: 0 };
    this.info(`[${stage.index}/${stage.count}] ${stage.id}: ${stage.title}${stage.tasks > 1 ? ` (${stage.tasks} items)` : ""}`);
  }

  stageProgress(stage: StageView, progress: Progress): void {
    const now = this.io.monotonic();
    const fraction = progress.total > 0 ? progress.done / progress.total : 0;
    if (now - this.#told.at < EVERY_MS && fraction - this.#told.fraction < 0.05) return;
    if (now - this.#told.at < 1000) return; // quick stages need no lines of their own
    this.#told = { at: now, fraction };
    this.info(`[${stage.index}/${stage.count}] ${stage.id}: ${progressText(progress)}`);
  }

  stageEnd(stage: StageView, outcome: StageOutcome): void {
    this.info(`[${stage.index}/${stage.count}] ${stage.id}: ${outcomeText(outcome)}`);
  }

  async confirm(_question: string, fallback: boolean): Promise<boolean> {
    return fallback;
  }

  close(): void {}

  #line(text: string): void {
    this.io.stderr.write(`${harmless(text)}\n`);
  }
}
