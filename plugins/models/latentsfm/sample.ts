/** LatentSFM at work: latents for roughened coarse cells, and the rule that says which of the cells are real. */
import { noGrad, scope, type Tensor } from "../../../ffi";
import type { SparseTensor } from "../../../ffi/sparse";
import type { GuidedBy } from "../classsfm/sample";
import { type IntegrateOptions, integrate, withHints } from "../flow";
import { type Ground, surestOfEmptyColumns } from "../ground";
import type { Latentsfm } from "./model";

/**
 * @param cells coarse cells of one scene, roughened, with noise [N, 32] as features
 * @returns normalised latents [N, 32]
 */
export function sampleLatents(model: Latentsfm, conditions: GuidedBy, cells: SparseTensor, options: IntegrateOptions): Tensor {
  return noGrad(() =>
    scope(() => {
      const [cond, empty] = [model.condNet.forward(conditions.cond), model.condNet.forward(conditions.empty)];
      const known = options.known && withHints(options.known, model.config.inpainting, () => cells.coords.narrow(1, 1, 3).contiguous().toArray());
      return integrate((x, t, branch) => model.forward(cells.withFeats(x), [t], branch === "cond" ? cond : empty, known), cells.feats, options);
    }),
  );
}

export interface Refinement {
  /** Normalised latents of the cells [N, channels], row by row. */
  z: ArrayLike<number>;
  channels: number;
  tau: number;
  ground: Ground;
  /** What earlier windows made of a cell, which stands whatever the rule says; undefined where the cell is open. */
  settled?: (row: number) => boolean | undefined;
}

/**
 * Which of the roughened cells stay, by ascending row: the real ones, and with ground everywhere the surest of a column that has none.
 *
 * @param cells [N, 3]
 */
export function refinedRows(cells: ArrayLike<number>, { z, channels, tau, ground, settled = () => undefined }: Refinement): Int32Array {
  const real = new Set(realCells(z, channels, tau));
  const kept: number[] = [];
  for (let row = 0; row < z.length / channels; row++) if (settled(row) ?? real.has(row)) kept.push(row);
  const filled = ground === "everywhere" ? surestOfEmptyColumns(cells, latentSizes(z, channels), kept, (row) => settled(row) === undefined) : [];
  return Int32Array.from([...kept, ...filled]).sort();
}

/** How surely each cell is real: the mean of |z| over its channels, [N]. @param z normalised latents [N, C], row by row */
function latentSizes(z: ArrayLike<number>, channels: number): Float64Array {
  const sizes = new Float64Array(z.length / channels);
  for (let i = 0; i < z.length; i++) sizes[Math.floor(i / channels)]! += Math.abs(z[i]!) / channels;
  return sizes;
}

/**
 * Rows of the cells that are real: more than half of the channels have |z| > τ. Cells that roughening added were zero in training.
 *
 * @param z normalised latents [N, C], row by row
 */
export function realCells(z: ArrayLike<number>, channels: number, tau: number): Int32Array {
  const rows: number[] = [];
  for (let row = 0; row < z.length / channels; row++) {
    let large = 0;
    for (let c = 0; c < channels; c++) if (Math.abs(z[row * channels + c]!) > tau) large++;
    if (large > channels / 2) rows.push(row);
  }
  return Int32Array.from(rows);
}
