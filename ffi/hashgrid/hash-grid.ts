/** Multiresolution hash encoding (Müller et al. 2022, section 3): a learned table of features for points of the unit cube. */
import { ArgumentError } from "../errors";
import { init, Module, Parameter } from "../nn";
import { earthcraft } from "../ops.gen";
import type { Tensor } from "../tensor";

export interface HashGridOptions {
  /** L. Default 16. */
  levels?: number;
  /** log₂ T: rows of a level at most. Default 19. */
  log2Entries?: number;
  /** F: features of a row, 1, 2, 4 or 8. Default 2. */
  features?: number;
  /** N_min: cells an axis of the coarsest level. Default 16. */
  coarsest?: number;
  /** N_max: cells an axis of the finest. Default 2048. */
  finest?: number;
}

export class HashGrid extends Module {
  readonly levels: number;
  readonly log2Entries: number;
  readonly features: number;
  /** b of equation 3: each level is so many times finer than the one before. */
  readonly growth: number;
  /** N_l of equation 2: cells an axis of each level. */
  readonly resolutions: readonly number[];
  /** f32 [rows of all levels, F]. A level has (N_l + 1)³ rows, one a corner, or 2^log2Entries that corners share by their hash where that is fewer. */
  readonly table: Parameter;

  constructor({ levels = 16, log2Entries = 19, features = 2, coarsest = 16, finest = 2048 }: HashGridOptions = {}) {
    super();
    if (!(levels >= 1 && finest >= coarsest && coarsest >= 1))
      throw new ArgumentError(`HashGrid: ${levels} levels from ${coarsest} to ${finest} cells an axis`);
    this.levels = levels;
    this.log2Entries = log2Entries;
    this.features = features;
    this.growth = levels > 1 ? (finest / coarsest) ** (1 / (levels - 1)) : 1;
    // What is a whole number but for rounding is that number.
    this.resolutions = Array.from({ length: levels }, (_, level) => Math.floor(coarsest * this.growth ** level + 1e-6));
    const rows = this.resolutions.reduce((sum, cells) => sum + Math.min((cells + 1) ** 3, 2 ** log2Entries), 0);
    this.table = new Parameter([rows, features], init.uniform(1e-4));
  }

  /** Features that `forward` gives a point: L · F. */
  get width(): number {
    return this.levels * this.features;
  }

  /**
   * Differentiable in the table and in the positions.
   * @param positions f32 [N, 3] in [0, 1]; from beyond they are moved to the border
   * @returns f32 [N, L · F], coarsest level first; stored feature by feature
   */
  forward(positions: Tensor): Tensor {
    return earthcraft.hashGrid(positions, this.table.tensor, this.resolutions, this.log2Entries);
  }
}
