/** Deterministic noise by position: the same on every machine and in every order, so that a cell's look depends on where it lies and on nothing else. */

/** A hash of two integers and a seed, uniform in [0, 1). */
export function hash01(x: number, y: number, seed: number): number {
  let h = Math.imul(x | 0, 0x27d4eb2d) ^ Math.imul(y | 0, 0x165667b1) ^ Math.imul(seed | 0, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 4294967296;
}

/** Smooth noise in [−1, 1] that changes over about `scale_m`: a lattice of hashes joined by quintic curves. */
export function smoothNoise(x: number, y: number, scale_m: number, seed: number): number {
  const [u, v] = [x / scale_m, y / scale_m];
  const [i, j] = [Math.floor(u), Math.floor(v)];
  const [fu, fv] = [u - i, v - j];
  const su = fu * fu * fu * (fu * (fu * 6 - 15) + 10);
  const sv = fv * fv * fv * (fv * (fv * 6 - 15) + 10);
  const a = hash01(i, j, seed);
  const b = hash01(i + 1, j, seed);
  const c = hash01(i, j + 1, seed);
  const d = hash01(i + 1, j + 1, seed);
  return 2 * (a + (b - a) * su + (c - a) * sv + (a - b - c + d) * su * sv) - 1;
}

/** A stream of uniform numbers from a seed, for work that runs in one fixed order. */
export class Random {
  private index = 0;
  constructor(
    private readonly seed: number,
    private readonly stream: number,
  ) {}

  /** Uniform in [low, high). */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * hash01(this.index++, this.stream, this.seed);
  }

  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** One of the values, each as likely as its weight says (equally without weights). */
  pick<T>(values: readonly T[], weights?: readonly number[]): T {
    const total = weights ? weights.reduce((a, b) => a + b, 0) : values.length;
    let left = this.uniform(0, total);
    for (let i = 0; i < values.length; i++) {
      left -= weights ? weights[i]! : 1;
      if (left < 0) return values[i]!;
    }
    return values[values.length - 1]!;
  }
}
