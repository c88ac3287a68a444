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

/** Mean absolute difference of the classes' mean colours, weighted by the voxels of `truth`; classes that only one side has are left out. */
export function classColourError(truth: Map<number, ClassColour>, other: Map<number, ClassColour>): number {
  let [error, weight] = [0, 0];
  for (const [id, { mean, count }] of truth) {
    const found = other.get(id);
    if (!found) continue;
    error += (count * mean.reduce((sum, value, k) => sum + Math.abs(value - found.mean[k]!), 0)) / 3;
    weight += count;
  }
  return weight === 0 ? Number.NaN : error / weight;
}
