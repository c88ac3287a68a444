/**
 * Ground everywhere: the Earth has a surface in every column, but thresholds leave columns empty where a flow was unsure. Then the surest cell of such a column stays. The paper's rules know nothing of
 * it, so that it is asked for (`structure.ground: everywhere`).
 */

import { z } from "zod";

export const ground = z.enum(["sampled", "everywhere"]);
export type Ground = z.infer<typeof ground>;

/**
 * Rows to keep besides those that were kept: of each column without one the row with the highest score, the first of equals.
 *
 * @param coords [N, 3]
 * @param kept rows
 * @param isOpen whether a column may be filled; all may unless told
 */
export function surestOfEmptyColumns(
  coords: ArrayLike<number>,
  scores: ArrayLike<number>,
  kept: Iterable<number>,
  isOpen: (row: number) => boolean = () => true,
): number[] {
  const column = (row: number) => `${coords[3 * row]},${coords[3 * row + 1]}`;
  const taken = new Set(Array.from(kept, column));
  const surest = new Map<string, number>();
  for (let row = 0; row < scores.length; row++) {
    const key = column(row);
    if (taken.has(key) || !isOpen(row)) continue;
    const best = surest.get(key);
    if (best === undefined || scores[row]! > scores[best]!) surest.set(key, row);
  }
  return [...surest.values()];
}
