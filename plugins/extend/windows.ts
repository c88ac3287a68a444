/**
 * Which windows an extended scene is made of, in which order, and what each of them already knows.
 *
 * The paper extends a scene "in a sliding window manner" by mask-based inpainting ("Infinite Scene Generation"): every window after the
 * first shares columns with windows made before it and must agree with them there. Windows overlap by a share of their edge (DESIGN §4: ½)
 * and are made row by row, west to east, south to north, so memory does not grow with their number.
 *
 * Lengths are in cells of the level named by the caller; a plan made for level L is divided by 8 for the latent level.
 */
export interface WindowPlan {
  /** Cells along one edge of a window. */
  edge: number;
  /** Cells between the south-west corners of neighbouring windows. */
  stride: number;
  /** Cells of the whole scene along x and y. */
  extent: readonly [number, number];
  /** In the order in which they are made. */
  windows: readonly Window[];
}

export interface Window {
  /** Position in the grid of windows: column (east), row (north). */
  grid: readonly [number, number];
  /** South-west corner in cells of the scene. */
  origin: readonly [number, number];
  /** Seed of this window's noise: depends on the run's seed and the grid position only, so that a scene can grow in any session. */
  seed: number;
}

export interface WindowPlanOptions {
  columns: number;
  rows: number;
  edge: number;
  /** Share of an edge that neighbours have in common; `edge * overlap` must be a whole number of `align` cells. */
  overlap: number;
  /** Cells that corners snap to: 16 at level L keeps the two latent levels (L/8, L/16) aligned. */
  align: number;
  seed: number;
}

export function planWindows({ columns, rows, edge, overlap, align, seed }: WindowPlanOptions): WindowPlan {
  if (columns < 1 || rows < 1) throw new RangeError(`planWindows: need at least 1 × 1 windows, got ${columns} × ${rows}`);
  if (!(overlap >= 0 && overlap < 1)) throw new RangeError(`planWindows: overlap must lie in [0, 1), got ${overlap}`);
  const shared = edge * overlap;
  const stride = edge - shared;
  if (!Number.isInteger(stride / align))
    throw new RangeError(
      `planWindows: overlap ${overlap} of an edge of ${edge} cells moves windows by ${stride} cells, which is no multiple of ${align}`,
    );
  const windows: Window[] = [];
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      windows.push({ grid: [column, row], origin: [column * stride, row * stride], seed: windowSeed(seed, column, row) });
  return { edge, stride, extent: [edge + (columns - 1) * stride, edge + (rows - 1) * stride], windows };
}

/**
 * Columns of window `index` that an earlier window has made: u8 [edge, edge], 1 = known, indexed [y * edge + x], window-local.
 */
export function knownColumns(plan: WindowPlan, index: number): Uint8Array {
  const { edge, windows } = plan;
  const current = windows[index];
  if (!current) throw new RangeError(`knownColumns: window ${index} of ${windows.length}`);
  const known = new Uint8Array(edge * edge);
  for (const earlier of windows.slice(0, index)) {
    const dx = earlier.origin[0] - current.origin[0];
    const dy = earlier.origin[1] - current.origin[1];
    for (let y = Math.max(0, dy); y < Math.min(edge, dy + edge); y++)
      for (let x = Math.max(0, dx); x < Math.min(edge, dx + edge); x++) known[y * edge + x] = 1;
  }
  return known;
}

/** Mixes a run's seed with a grid position into 32 bits (the finalizer of MurmurHash3, applied to each word in turn). */
function windowSeed(seed: number, column: number, row: number): number {
  let hash = seed >>> 0;
  for (const word of [column, row]) {
    hash = Math.imul(hash ^ (word >>> 0), 0x9e3779b1) >>> 0;
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b) >>> 0;
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35) >>> 0;
    hash = (hash ^ (hash >>> 16)) >>> 0;
  }
  return hash;
}
