/** Progress on a terminal: one line for each stage that has ended, and one that is redrawn for the stage that runs. */
import type { Io } from "../io";
import { drawsUnicode, inAscii, reflows } from "./canvas";
import { outcomeText, progressText } from "./lines";
import type { Progress, Reporter, StageOutcome, StageView } from "./reporter";
import { clip, harmless } from "./text";

const REDRAW_MS = 100;
/** Columns left free at the end, so that the `^C` which a terminal shows does not begin another line. */
const ROOM = 3;
const RETURN_AND_CLEAR = "\r\u001b[K";

const SYMBOLS: Record<StageOutcome["status"], string> = { done: "✓", skipped: "–", failed: "✗", interrupted: "■" };

/** What a narrow terminal gives up first: the bar says least. */
const barWidth = (columns: number) => (columns >= 100 ? 20 : columns >= 60 ? 10 : 0);
/** Of a stage's name, so that the numbers behind it are seen. */
const nameWidth = (columns: number) => Math.max(12, Math.floor(columns / 3));

export class TerminalReporter implements Reporter {
  #live = "";
  #drawn = Number.NEGATIVE_INFINITY;
  /** Columns of the live line as it stands on the screen. */
  #shown = 0;
  readonly #unicode: boolean;
  readonly #reflows: boolean;

  constructor(
    readonly io: Io,
    readonly options: { quiet: boolean; verbose: boolean },
  ) {
    this.#unicode = drawsUnicode(io.env);
    this.#reflows = reflows(io.env);
  }

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
    this.#draw(`[${stage.index}/${stage.count}] ${stage.id}: ${stage.title}${stage.tasks > 1 ? ` (${stage.tasks} items)` : ""} …`, true);
  }

  stageProgress(stage: StageView, progress: Progress): void {
    const fraction = progress.total > 0 ? Math.min(1, progress.done / progress.total) : 0;
    const { columns } = this.io.stderr;
    const width = barWidth(columns);
    const full = Math.round(fraction * width);
    const bar = width === 0 ? "" : `${"█".repeat(full)}${"░".repeat(width - full)} `;
    this.#draw(`[${stage.index}/${stage.count}] ${clip(stage.id, nameWidth(columns))} ${bar}${progressText(progress)}`, false);
  }

  stageEnd(stage: StageView, outcome: StageOutcome): void {
    this.#live = "";
    this.info(`${SYMBOLS[outcome.status]} ${stage.id}: ${outcomeText(outcome)}`);
  }

  async confirm(question: string, fallback: boolean): Promise<boolean> {
    if (!this.io.stdin.isTTY) return fallback;
    this.close();
    const { confirm, isCancel } = await import("@clack/prompts"); // only here: it draws on whatever it is given, terminal or not
    const answer = await confirm({ message: question, initialValue: fallback, output: process.stderr });
    return isCancel(answer) ? false : answer;
  }

  close(): void {
    if (this.#live === "") return;
    this.#live = "";
    this.#write("");
  }

  #draw(text: string, now: boolean): void {
    if (this.options.quiet) return;
    this.#live = clip(harmless(text), this.io.stderr.columns - ROOM);
    const time = this.io.monotonic();
    if (!now && time - this.#drawn < REDRAW_MS) return;
    this.#drawn = time;
    this.#write(this.#live);
  }

  #line(text: string): void {
    this.#write(`${harmless(text)}\n${this.#live}`);
  }

  #write(text: string): void {
    // A terminal that has become narrower may have broken the live line into several rows.
    const rows = this.#reflows ? Math.max(1, Math.ceil(this.#shown / this.io.stderr.columns)) : 1;
    const back = rows === 1 ? RETURN_AND_CLEAR : `\r\u001b[${rows - 1}A\u001b[J`;
    this.#shown = Bun.stringWidth(this.#live);
    this.io.stderr.write(`${back}${this.#unicode ? text : inAscii(text)}`);
  }
}
