/** First Ctrl-C (or SIGTERM, SIGHUP): finish the step and write the checkpoint. Second: leave at once. */
import { EXIT, type ExitCode } from "../errors";

export class Interruption {
  #signal: NodeJS.Signals | undefined;
  readonly #handlers = new Map<NodeJS.Signals, () => void>();

  constructor(
    readonly first: (signal: NodeJS.Signals) => void,
    readonly second: () => void,
  ) {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      const handler = () => this.#received(signal);
      this.#handlers.set(signal, handler);
      process.on(signal, handler);
    }
  }

  get stopping(): boolean {
    return this.#signal !== undefined;
  }

  get exit(): ExitCode {
    return this.#signal === undefined || this.#signal === "SIGINT" ? EXIT.interrupted : EXIT.terminated;
  }

  #received(signal: NodeJS.Signals): void {
    if (this.#signal !== undefined) {
      this.second();
      return;
    }
    this.#signal = signal;
    this.first(signal);
  }

  [Symbol.dispose](): void {
    for (const [signal, handler] of this.#handlers) process.off(signal, handler);
  }
}
