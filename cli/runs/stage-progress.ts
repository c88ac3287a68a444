/** Adds up the progress of a stage's tasks and tells it, also while they are silent: the time that is left goes on running. */
import type { Reporter, StageView } from "../ui/reporter";
import type { Eta } from "./eta";

const TICK_S = 1;

interface Counts {
  done: number;
  total: number;
  note?: string;
  item?: string;
}

export class StageProgress implements Disposable {
  readonly #running = new Map<string | undefined, number>();
  #before = 0;
  #ended = 0;
  #tasks = 1;
  #counts: Counts = { done: 0, total: 0 };
  #told = Number.NEGATIVE_INFINITY;
  readonly #timer: Timer;

  constructor(
    readonly view: StageView,
    readonly seconds: () => number,
    readonly eta: Eta,
    readonly waiting: ReadonlySet<string>,
    readonly ui: Reporter,
  ) {
    this.#timer = setInterval(() => {
      if (seconds() - this.#told >= TICK_S) this.#tell(this.#counts);
    }, TICK_S * 1000);
  }

  start(done: number, tasks: number): void {
    this.#before = done;
    this.#tasks = Math.max(1, tasks);
  }

  task(item: string | undefined, done: number, total: number, note?: string): void {
    this.#running.set(item, total > 0 ? Math.min(1, done / total) : 0);
    const counts = item === undefined ? { done, total } : { done: this.#before + this.#ended, total: this.#tasks };
    this.#tell({ ...counts, ...(note === undefined ? {} : { note }), ...(item === undefined ? {} : { item }) });
  }

  ended(item: string | undefined): void {
    this.#running.delete(item);
    this.#ended += 1;
    if (item !== undefined) this.#tell({ done: this.#before + this.#ended, total: this.#tasks });
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #tell(counts: Counts): void {
    this.#counts = counts;
    this.#told = this.seconds();
    const partial = [...this.#running.values()].reduce((sum, fraction) => sum + fraction, 0);
    const fraction = (this.#ended + partial) / Math.max(1, this.#tasks - this.#before);
    this.ui.stageProgress(this.view, { ...counts, ...this.eta.estimate(this.view.id, Math.min(1, fraction), this.seconds(), this.waiting) });
  }
}
