/**
 * A scene's voxel lattice (DESIGN §4): cell i covers [i, i + 1) · s, x east, y north, z up; cell (0, 0, 0) has its lower corner at (−250 m, −250 m, z_floor), whatever the crop's size in cells.
 */
import type { Vec3 } from "./vector";

/** Edge of a training crop and of the central square that its 9 crops cover, in metres ("Data Preparation"). */
export const CROP_M = 200;
export const CENTRE_M = 500;

export class Lattice {
  /** Edge of a cell in metres: 200 / 360 ≈ 0.556 in the paper. */
  readonly voxel_m: number;

  /**
   * @param cells L, cells along a crop's edge: 360 in the paper, 64 at mini scale
   * @param zFloor_m lower face of cell z = 0, in metres above the site's origin
   */
  constructor(
    readonly cells: number,
    readonly zFloor_m: number,
  ) {
    if (!(Number.isInteger(cells) && cells > 0 && cells % 4 === 0))
      throw new RangeError(`Lattice: L must be a positive multiple of 4 (the crops step by 3/4 L), got ${cells}`);
    this.voxel_m = CROP_M / cells;
  }

  /** Offsets of the crops along x and y, in cells: 0, 270, 540 at L = 360. Every pair of them is one of the 9 crops. */
  get cropOffsets(): readonly [number, number, number] {
    const step = (this.cells * (CENTRE_M - CROP_M)) / CROP_M / 2;
    return [0, step, 2 * step];
  }

  /** The cell that holds a point of the ENU frame (integers; outside cells too). */
  cellOf([x, y, z]: Vec3): Vec3 {
    const s = this.voxel_m;
    return [Math.floor((x + CENTRE_M / 2) / s), Math.floor((y + CENTRE_M / 2) / s), Math.floor((z - this.zFloor_m) / s)];
  }

  /** Centre of a cell in the ENU frame, metres. */
  centreOf([i, j, k]: Vec3): Vec3 {
    const s = this.voxel_m;
    return [(i + 0.5) * s - CENTRE_M / 2, (j + 0.5) * s - CENTRE_M / 2, (k + 0.5) * s + this.zFloor_m];
  }
}

/**
 * Floor of a scene's lattice: the lowest surface of its central 500 m less 4 s, snapped down to a multiple of 8 s, so that windows of different scenes agree on the coarse grid.
 */
export function snapFloor(lowest_m: number, voxel_m: number): number {
  return Math.floor((lowest_m - 4 * voxel_m) / (8 * voxel_m)) * 8 * voxel_m;
}

/** Top-down maps are north-up: cell (x, y) of a crop lies in row L − 1 − y, column x. */
export function mapRowColumn(x: number, y: number, cells: number): { row: number; column: number } {
  return { row: cells - 1 - y, column: x };
}

/** The cell (x, y) of a map's row and column. */
export function mapCell(row: number, column: number, cells: number): { x: number; y: number } {
  return { x: column, y: cells - 1 - row };
}
