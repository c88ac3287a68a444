/**
 * Random numbers of a training run. Every number is a function of (seed, purpose, crop, draw): nothing has a state, so a resumed run, or one on other hardware, draws the same.
 */
import { normal, onDevice, type Purpose, type RandomStream, scope, type Tensor, uniform } from "../../ffi";
import type { Draws } from "../models/api";

/** Draws of one purpose within one crop. */
const PER_CROP = 4096;

export class StepDraws implements Draws {
  private used = 0;

  /** @param count crops drawn before it, over the whole run */
  constructor(
    private readonly seed: number,
    private readonly purpose: Purpose,
    private readonly count: number,
  ) {}

  uniform(count: number): Float32Array {
    return onDevice("cpu", () => scope(() => uniform([count], this.next()).toArray() as Float32Array));
  }

  /** Standard normal. */
  normal(shape: readonly number[]): Tensor {
    return normal(shape, this.next());
  }

  /** Integers in [0, below). */
  integers(count: number, below: number): number[] {
    return Array.from(this.uniform(count), (u) => Math.min(below - 1, Math.floor(u * below)));
  }

  private next(): RandomStream {
    if (this.used >= PER_CROP) throw new RangeError(`StepDraws: more than ${PER_CROP} draws of "${this.purpose}" for one crop`);
    return { seed: this.seed, purpose: this.purpose, index: this.count * PER_CROP + this.used++ };
  }
}
