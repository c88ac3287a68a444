/** How high buildings stand over the roads beside them: relief cancels, because each building cell is compared with road cells within 20 m only. */
import { classId } from "../../earth/api";

const REACH_M = 20;

/** Top of each column in cells, NaN where it is empty: [extent²], x + extent·y. */
export function classHeights(coords: ArrayLike<number>, extent: number): Float32Array {
  const top = new Float32Array(extent ** 2).fill(Number.NaN);
  for (let i = 0; i < coords.length; i += 3) {
    const column = coords[i]! + extent * coords[i + 1]!;
    const height = coords[i + 2]! + 1;
    if (!(top[column]! >= height)) top[column] = height;
  }
  return top;
}

/**
 * Mean over building cells of their height over the mean of the road cells near them.
 *
 * @param map u8 [extent, extent], north-up
 */
export function liftOverRoads(top: Float32Array, map: Uint8Array, extent: number, voxel_m: number): number {
  const [building, road] = [classId("Building"), classId("Road")];
  const reach = Math.max(1, Math.round(REACH_M / voxel_m));
  const idAt = (x: number, y: number) => map[(extent - 1 - y) * extent + x]!;
  let [sum, count] = [0, 0];
  for (let y = 0; y < extent; y++)
    for (let x = 0; x < extent; x++) {
      const height = top[x + extent * y]!;
      if (idAt(x, y) !== building || Number.isNaN(height)) continue;
      let [roads, n] = [0, 0];
      for (let v = Math.max(0, y - reach); v <= Math.min(extent - 1, y + reach); v++)
        for (let u = Math.max(0, x - reach); u <= Math.min(extent - 1, x + reach); u++) {
          const near = top[u + extent * v]!;
          if (idAt(u, v) !== road || Number.isNaN(near)) continue;
          roads += near;
          n++;
        }
      if (n === 0) continue;
      sum += height - roads / n;
      count++;
    }
  return count === 0 ? Number.NaN : (sum / count) * voxel_m;
}
