/**
 * Voxel jagged perturbation (supplementary): every coordinate moves by −1, 0 or 1 an axis, and of voxels that meet one stays. Texture models so meet the rough geometry that StructVAE decodes.
 *
 * The paper prints `randint(-1, 1)`; read with an exclusive upper bound it would drift by half a voxel, so 1 is among the draws.
 */
import { cellKey, type Draws } from "../../models/api";

/**
 * @param coords [N, 3] in [0, extent)
 * @returns the moved coordinates and, for each, the row it came from; the first of several voxels keeps a cell
 */
export function jagged(coords: Int32Array, extent: number, draws: Draws): { coords: Int32Array; rows: Int32Array } {
  const steps = draws.uniform(coords.length);
  const taken = new Set<number>();
  const moved: number[] = [];
  const rows: number[] = [];
  const inside = (value: number) => Math.min(extent - 1, Math.max(0, value));
  for (let i = 0; i < coords.length / 3; i++) {
    const [x, y, z] = [0, 1, 2].map((axis) => inside(coords[3 * i + axis]! + Math.floor(3 * steps[3 * i + axis]!) - 1)) as [number, number, number];
    const key = cellKey(x, y, z);
    if (taken.has(key)) continue;
    taken.add(key);
    moved.push(x, y, z);
    rows.push(i);
  }
  return { coords: Int32Array.from(moved), rows: Int32Array.from(rows) };
}
