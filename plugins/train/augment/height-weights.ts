/** Unbalanced sampling (Eq. 2): scenes with tall things are drawn more often, because buildings are few. W_i = z_i / Σ z, z_i = (min(Z_i, 200) / 10)^α. */

/** Beyond this height in voxels a scene weighs no more. */
const HIGHEST = 200;

/**
 * @param heights Z_i, the highest voxel of each scene
 * @param times how many scenes each stands for; one each by default
 * @returns weights that sum to 1; a scene of height 0 keeps a weight, as if it were one voxel high
 */
export function heightWeights(heights: readonly number[], alpha: number, times?: readonly number[]): number[] {
  const weights = heights.map((height, i) => (times?.[i] ?? 1) * (Math.min(Math.max(height, 1), HIGHEST) / 10) ** alpha);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** The index that a uniform draw falls on. */
export function drawByWeight(weights: readonly number[], u: number): number {
  let sum = 0;
  for (const [i, weight] of weights.entries()) {
    sum += weight;
    if (u < sum) return i;
  }
  return weights.length - 1;
}
