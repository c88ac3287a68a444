/**
 * Settled columns for training: what a window that grows a scene already knows. Windows come row by row, west to east and south to north, so the settled part is a strip in the west, one in the south,
 * or both.
 */
import type { Draws } from "../../models/api";
import type { Square } from "./crop";

/** Columns west of x = `west` or south of y = `south` are settled, in cells of the window. */
export interface SettledStrips {
  west: number;
  south: number;
}

/** Strips end at multiples of this many cells: a latent cell. */
const SNAP = 8;

/** Strips of any width over a square of columns; each of the two is missing in a third of the cases, never both. */
export function drawStrips({ x, y, size }: Square, draws: Draws): SettledStrips {
  const [which, u, v] = draws.uniform(3) as unknown as [number, number, number];
  const places = Math.max(1, Math.floor(size / SNAP) - 1);
  const width = (share: number) => SNAP * (1 + Math.min(places - 1, Math.floor(share * places)));
  return { west: which < 2 / 3 ? x + width(u) : x, south: which > 1 / 3 ? y + width(v) : y };
}

/**
 * 1 for cells in settled columns, else 0: [N]; null when that is none or all of them, and nothing could be learnt.
 *
 * @param coords [N, 3] of a level whose cells are `factor` cells of L wide
 */
export function settledCells(coords: Int32Array, { west, south }: SettledStrips, factor: number): Float32Array | null {
  const mask = new Float32Array(coords.length / 3);
  let count = 0;
  for (let i = 0; i < mask.length; i++)
    if (coords[3 * i]! * factor < west || coords[3 * i + 1]! * factor < south) {
      mask[i] = 1;
      count++;
    }
  return count === 0 || count === mask.length ? null : mask;
}
