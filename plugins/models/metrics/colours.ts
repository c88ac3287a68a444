/** Colours a class at a time: what a texture says once one gives up on asking every voxel the right question. */

export interface ClassColour {
  /** Mean RGB. */
  mean: [number, number, number];
  /** Root of the mean variance over channels. */
  spread: number;
  count: number;
}

/**
 * @param rgb [N, 3] in [0, 1]
 * @param classes [N]
 */
export function classColours(rgb: ArrayLike<number>, classes: ArrayLike<number>): Map<number, ClassColour> {
  const sums = new Map<number, number[]>();
  for (let i = 0; i < classes.length; i++) {
    const sum = sums.get(classes[i]!) ?? [0, 0, 0, 0, 0, 0, 0];
    sum[0]! += 1;
    for (let k = 0; k < 3; k++) {
      sum[1 + k]! += rgb[3 * i + k]!;
      sum[4 + k]! += rgb[3 * i + k]! ** 2;
    }
    sums.set(classes[i]!, sum);
  }
  const colours = new Map<number, ClassColour>();
  for (const [id, [count, r, g, b, rr, gg, bb]] of [...sums].sort(([a], [b]) => a - b) as [
    number,
    [number, number, number, number, number, number, number],
  ][]) {
    const mean: [number, number, number] = [r / count, g / count, b / count];
    const variance = (rr / count - mean[0] ** 2 + (gg / count - mean[1] ** 2) + (bb / count - mean[2] ** 2)) / 3;
    colours.set(id, { mean, spread: Math.sqrt(Math.max(0, variance)), count });
  }
  return colours;
}

/** What `classColours` says of several sets of voxels together, from what it says of each. */
export function pooledColours(parts: readonly ReadonlyMap<number, ClassColour>[]): Map<number, ClassColour> {
  const pooled = new Map<number, ClassColour>();
  for (const id of [...new Set(parts.flatMap((part) => [...part.keys()]))].sort((a, b) => a - b)) {
    const found = parts.map((part) => part.get(id)).filter((colour) => colour !== undefined);
    const count = found.reduce((sum, colour) => sum + colour.count, 0);
    const average = (of: (colour: ClassColour) => number) => found.reduce((sum, colour) => sum + colour.count * of(colour), 0) / count;
    const square = ({ mean: [r, g, b] }: Pick<ClassColour, "mean">) => (r ** 2 + g ** 2 + b ** 2) / 3;
    const mean: [number, number, number] = [average((c) => c.mean[0]), average((c) => c.mean[1]), average((c) => c.mean[2])];
    const variance = average((colour) => colour.spread ** 2 + square(colour)) - square({ mean });
    pooled.set(id, { mean, spread: Math.sqrt(Math.max(0, variance)), count });
  }
  return pooled;
}

/** Mean spread within the classes, weighted by voxels. */
export function spreadInClasses(colours: ReadonlyMap<number, ClassColour>): number {
  const all = [...colours.values()];
  return all.reduce((sum, { spread, count }) => sum + spread * count, 0) / all.reduce((sum, { count }) => sum + count, 0);
}

/** Every voxel in its class's mean colour, [N, 3]; a class that `colours` lacks is grey. */
export function inMeanColours(classes: ArrayLike<number>, colours: ReadonlyMap<number, Pick<ClassColour, "mean">>): Float32Array {
  const painted = new Float32Array(3 * classes.length).fill(0.5);
  for (let i = 0; i < classes.length; i++) painted.set(colours.get(classes[i]!)?.mean ?? [], 3 * i);
  return painted;
}

/** Mean absolute difference of two lists of colours. */
export function colourError(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + Math.abs(value - b[i]!), 0) / a.length;
}

/** Mean absolute difference of the classes' mean colours, weighted by the voxels of `truth`; classes that only one side has are left out. */
export function classColourError(truth: ReadonlyMap<number, ClassColour>, other: ReadonlyMap<number, Pick<ClassColour, "mean">>): number {
  let [error, weight] = [0, 0];
  for (const [id, { mean, count }] of truth) {
    const found = other.get(id);
    if (!found) continue;
    error += (count * mean.reduce((sum, value, k) => sum + Math.abs(value - found.mean[k]!), 0)) / 3;
    weight += count;
  }
  return weight === 0 ? Number.NaN : error / weight;
}
