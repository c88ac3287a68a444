/**
 * Voxel roughening (supplementary): dilation, then simplification (down and up again by a factor). It makes the true coarse voxels look like ClassSFM's, for LatentSFM's training; at inference
 * ClassSFM's output passes it too.
 */
import { z } from "zod";
import { cellKey } from "../conditions/voxel-set";

export const roughening = z.strictObject({
  /** d_l: edge of the dilation's cube, odd. */
  dilate: z.int().positive().default(3),
  /** s_l: factor of the simplification; 1 leaves the grid as it is. */
  simplify: z.int().positive().default(2),
});
export type Roughening = z.infer<typeof roughening>;

/**
 * @param coords [N, 3] in [0, extent)
 * @returns [M, 3], sorted by x, y, z
 */
export function roughen(coords: Int32Array, extent: number, { dilate, simplify }: Roughening): Int32Array {
  if (dilate % 2 === 0) throw new RangeError(`roughen: a dilation of edge ${dilate} has no centre; want an odd number`);
  const reach = (dilate - 1) / 2;
  const coarse = new Map<number, [number, number, number]>();
  const shrink = (value: number) => Math.floor(value / simplify);
  for (let i = 0; i < coords.length; i += 3)
    for (let dx = -reach; dx <= reach; dx++)
      for (let dy = -reach; dy <= reach; dy++)
        for (let dz = -reach; dz <= reach; dz++) {
          const cell = [coords[i]! + dx, coords[i + 1]! + dy, coords[i + 2]! + dz] as const;
          if (cell.some((value) => value < 0 || value >= extent)) continue;
          const small: [number, number, number] = [shrink(cell[0]), shrink(cell[1]), shrink(cell[2])];
          coarse.set(cellKey(...small), small);
        }
  const rough: [number, number, number][] = [];
  for (const [x, y, z] of coarse.values())
    for (let dx = 0; dx < simplify; dx++)
      for (let dy = 0; dy < simplify; dy++)
        for (let dz = 0; dz < simplify; dz++) {
          const cell: [number, number, number] = [x * simplify + dx, y * simplify + dy, z * simplify + dz];
          if (cell.every((value) => value < extent)) rough.push(cell);
        }
  rough.sort(([ax, ay, az], [bx, by, bz]) => ax - bx || ay - by || az - bz);
  return Int32Array.from(rough.flat());
}

/** Rows of `rough` in `coords`, −1 where the cell was added by roughening: its latent is zero. */
export function rowsBefore(rough: Int32Array, coords: Int32Array): Int32Array {
  const row = new Map<number, number>();
  for (let i = 0; i < coords.length / 3; i++) row.set(cellKey(coords[3 * i]!, coords[3 * i + 1]!, coords[3 * i + 2]!), i);
  return Int32Array.from({ length: rough.length / 3 }, (_, i) => row.get(cellKey(rough[3 * i]!, rough[3 * i + 1]!, rough[3 * i + 2]!)) ?? -1);
}
