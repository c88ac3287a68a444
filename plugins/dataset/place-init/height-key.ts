/** Which property of a buildings file holds the height. */
import { readFootprints } from "../readers/building-file";

/** In the order in which they are believed. */
const LIKELY = [
  /^height$/i,
  /^(?:building|bldg|bld|roof|mean|median|max|rel)[_-]?h(?:eight)?(?:[_-]?m)?$/i,
  /height|hoehe|höhe|hauteur|hoogte|altura|altezza/i,
];

/** @returns the property, and how many footprints have a number in it; undefined where none looks like a height */
export async function findHeightKey(file: string): Promise<{ key: string; count: number; of: number } | undefined> {
  const footprints = await readFootprints(file, "height", "m");
  const counts = new Map<string, number>();
  for (const { tags } of footprints)
    for (const [key, value] of Object.entries(tags)) if (Number(value) > 0) counts.set(key, (counts.get(key) ?? 0) + 1);
  for (const pattern of LIKELY) {
    const [best] = [...counts].filter(([key]) => pattern.test(key)).sort((a, b) => b[1] - a[1]);
    if (best) return { key: best[0], count: best[1], of: footprints.length };
  }
  return undefined;
}
