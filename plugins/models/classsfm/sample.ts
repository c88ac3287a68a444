/** ClassSFM at work: noise to a grid, the grid to coarse cells. */
import { noGrad, scope, type Tensor } from "../../../ffi";
import type { StructCondition } from "../conditions/struct-condition";
import { type IntegrateOptions, integrate, withHints } from "../flow";
import { surestOfEmptyColumns } from "../ground";
import type { Classsfm } from "./model";

export interface GuidedBy {
  cond: StructCondition;
  /** What guidance moves away from: the empty condition. */
  empty: StructCondition;
}

/**
 * @param noise [g³, 1], x slowest and z fastest
 * @returns [g³, 1], near ±1
 */
export function sampleGrid(model: Classsfm, conditions: GuidedBy, noise: Tensor, edge: number, options: IntegrateOptions): Tensor {
  return noGrad(() =>
    scope(() => {
      const [cond, empty] = [model.condNet.forward(conditions.cond), model.condNet.forward(conditions.empty)];
      const known = options.known && withHints(options.known, model.config.inpainting, () => gridCells(edge));
      return integrate((x, t, branch) => model.forward(x, [t], edge, branch === "cond" ? cond : empty, known), noise, options);
    }),
  );
}

/**
 * Cells above 0 ("we set the threshold of 0"): [N, 3], sorted by x, y, z.
 *
 * @param fill the surest cell of a column that has none above 0, where `fill` says so of the cell
 */
export function occupiedCells(grid: ArrayLike<number>, edge: number, fill?: (cell: number) => boolean): Int32Array {
  const all = gridCells(edge);
  const above = Array.from({ length: edge ** 3 }, (_, i) => i).filter((i) => grid[i]! > 0);
  const cells = fill ? [...above, ...surestOfEmptyColumns(all, grid, above, fill)].sort((a, b) => a - b) : above;
  return Int32Array.from(cells.flatMap((i) => [...all.subarray(3 * i, 3 * i + 3)]));
}

/** The way back: +1 in the cells, −1 elsewhere, [g³]. */
export function gridOfCells(cells: ArrayLike<number>, edge: number): Float32Array {
  const grid = new Float32Array(edge ** 3).fill(-1);
  for (let i = 0; i < cells.length; i += 3) grid[(cells[i]! * edge + cells[i + 1]!) * edge + cells[i + 2]!] = 1;
  return grid;
}

/** All cells of a grid, x slowest and z fastest: [edge³, 3]. */
export function gridCells(edge: number): Int32Array {
  const cells = new Int32Array(3 * edge ** 3);
  for (let i = 0; i < edge ** 3; i++) cells.set([Math.floor(i / edge ** 2), Math.floor(i / edge) % edge, i % edge], 3 * i);
  return cells;
}
