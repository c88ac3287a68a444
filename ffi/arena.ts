/**
 * A named owner outside the stack of scopes: parameters, the optimiser's state, the index tensors of a coordinate set, which must outlive the
 * block whose scope they were first built in.
 */
import { check, failure, loadNative } from "./load";
import { collectTensors, scope } from "./scope";

export class Arena {
  #handle: number;
  constructor(readonly name: string) {
    this.#handle = loadNative().call.ec_arena_new();
    if (this.#handle === 0) throw failure(`arena ${name}`);
  }

  /** Takes all tensors in `value` from whoever owns them, and returns `value`. */
  keep<T>(value: T): T {
    const { call, stream } = loadNative();
    let count = 0;
    const adopt = () => {
      check(call.ec_arena_adopt(this.#handle, count), `arena ${this.name}`);
      count = 0;
    };
    for (const { handle } of collectTensors(value)) {
      stream[count++] = handle;
      if (count === stream.length) adopt();
    }
    adopt();
    return value;
  }

  /** Runs `body` in a scope of its own and keeps its result. */
  run<T>(body: () => T): T {
    return scope(() => this.keep(body()));
  }

  /** Frees all it owns; a second time is nothing. */
  dispose(): void {
    if (this.#handle === 0) return;
    const handle = this.#handle;
    this.#handle = 0;
    check(loadNative().call.ec_arena_free(handle), `arena ${this.name}`);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
