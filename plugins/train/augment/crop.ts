/** Voxel cropping: a square of columns of a crop, whole in height. Small crops of one scene give more steps a second than large ones ("32-column crops" at mini scale). */
import type { Draws } from "../../models/api";

export interface Square {
  x: number;
  y: number;
  /** Columns along an edge. */
  size: number;
}

/** Where squares begin, in cells: multiples of 8 keep the coarse grid of StructVAE in phase. */
const SNAP = 8;

/** A square of `size` columns somewhere in `extent`. */
export function drawSquare(extent: number, size: number, draws: Draws): Square {
  if (size >= extent) return { x: 0, y: 0, size: extent };
  const places = Math.floor((extent - size) / SNAP) + 1;
  const [u, v] = draws.uniform(2) as unknown as [number, number];
  return { x: SNAP * Math.floor(u * places), y: SNAP * Math.floor(v * places), size };
}

/** Rows of the voxels [N, 3] whose column lies in the square; coordinates are left as they are. */
export function rowsInSquare(coords: Int32Array, { x, y, size }: Square): Int32Array {
  const rows: number[] = [];
  for (let i = 0; i < coords.length / 3; i++) {
    const [cx, cy] = [coords[3 * i]! - x, coords[3 * i + 1]! - y];
    if (cx >= 0 && cx < size && cy >= 0 && cy < size) rows.push(i);
  }
  return Int32Array.from(rows);
}
