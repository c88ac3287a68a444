/**
 * What a picture would score in which every pixel had its class's mean colour: the baseline of every texture model. It follows from sums of colour by class, so no pixel is looked at twice.
 */
import { CLASS_COUNT } from "../../earth/api";

/** A class: pixels, sums of R, G, B in [0, 1], sum of squares over all three. */
export type ClassSums = readonly [pixels: number, r: number, g: number, b: number, squares: number];

export function addClassSums(parts: readonly (readonly ClassSums[])[]): ClassSums[] {
  return Array.from(
    { length: CLASS_COUNT },
    (_, c) => [0, 1, 2, 3, 4].map((k) => parts.reduce((sum, part) => sum + part[c]![k]!, 0)) as unknown as ClassSums,
  );
}

/** PSNR in dB of the second set of pixels drawn in the class means of the first; a class that the first lacks takes the mean of all. */
export function meanColourPsnr(training: readonly ClassSums[], held: readonly ClassSums[]): number {
  const all = training.reduce<number[]>((sum, c) => sum.map((s, k) => s + c[k]!), [0, 0, 0, 0, 0]);
  let [squared, pixels] = [0, 0];
  for (const [c, [count, r, g, b, squares]] of held.entries()) {
    const from = training[c]![0] > 0 ? training[c]! : all;
    const mean = [from[1]! / from[0]!, from[2]! / from[0]!, from[3]! / from[0]!] as const;
    squared += squares - 2 * (mean[0] * r + mean[1] * g + mean[2] * b) + count * (mean[0] ** 2 + mean[1] ** 2 + mean[2] ** 2);
    pixels += count;
  }
  return -10 * Math.log10(squared / (3 * pixels));
}
