/** What a bench keeps for the rows of one group: tensors, and what is to be undone when the group ends. */
import { Arena } from "../../../ffi";

export class Grouped {
  readonly #ends: (() => void)[] = [];
  #arena = new Arena("bench");

  /** Runs `body` in a scope; what it returns lives until the group ends. */
  make<T>(body: () => T): T {
    return this.#arena.run(body);
  }

  atEnd(body: () => void): void {
    this.#ends.push(body);
  }

  endGroup(): void {
    for (const end of this.#ends.splice(0)) end();
    this.#arena.dispose();
    this.#arena = new Arena("bench");
  }
}
