/**
 * How well voxels agree. Sets are compared by coordinates; a mean over crops is taken by the caller.
 *
 * mIoU³ is `iou` at L/8, mIoU⁰ at L. The paper's 97.1 % of StructVAE is `overPseudo` at level 0, which counts easy negatives; `overUnion` also charges for true voxels that no parent offered.
 */
import { cellKey } from "../conditions/voxel-set";

/** Sorted keys of cells. @param coords [N, stride], the last three of each row being x, y, z */
export function cellKeys(coords: ArrayLike<number>, stride: 3 | 4): Float64Array {
  const n = coords.length / stride;
  const keys = new Float64Array(n);
  const first = stride - 3;
  for (let i = 0; i < n; i++) keys[i] = cellKey(coords[stride * i + first]!, coords[stride * i + first + 1]!, coords[stride * i + first + 2]!);
  return keys.sort();
}

/** Keys in both. Each list is sorted and without repeats. */
export function common(a: Float64Array, b: Float64Array): number {
  let [i, j, count] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    if (a[i]! === b[j]!) {
      count++;
      i++;
      j++;
    } else if (a[i]! < b[j]!) i++;
    else j++;
  }
  return count;
}

/** |A ∩ B| / |A ∪ B|; 1 when both are empty. */
export function iou(a: Float64Array, b: Float64Array): number {
  const both = common(a, b);
  const either = a.length + b.length - both;
  return either === 0 ? 1 : both / either;
}

export interface VoxelAccuracy {
  /** Share of pseudo-sparse voxels classified rightly. */
  overPseudo: number;
  /** The same over pseudo ∪ truth: true voxels without a pseudo-voxel are wrong. */
  overUnion: number;
  iou: number;
  /** Of the truth, the share that was found. */
  recall: number;
}

/** Sets of one level: all pseudo-voxels, those kept, and the truth. */
export function voxelAccuracy(pseudo: Float64Array, kept: Float64Array, truth: Float64Array): VoxelAccuracy {
  const hits = common(kept, truth);
  const offered = common(pseudo, truth);
  const wrongOfPseudo = kept.length - hits + (offered - hits);
  const union = pseudo.length + truth.length - offered;
  return {
    overPseudo: pseudo.length === 0 ? 0 : (pseudo.length - wrongOfPseudo) / pseudo.length,
    overUnion: union === 0 ? 1 : (pseudo.length - wrongOfPseudo) / union,
    iou: iou(kept, truth),
    recall: truth.length === 0 ? 1 : hits / truth.length,
  };
}

/** Cells of the next coarser grids: floor(coordinate / factor), without repeats. */
export function coarsened(coords: ArrayLike<number>, stride: 3 | 4, factor: number): Float64Array {
  const n = coords.length / stride;
  const first = stride - 3;
  const cells = new Set<number>();
  for (let i = 0; i < n; i++) {
    const [x, y, z] = [0, 1, 2].map((axis) => Math.floor(coords[stride * i + first + axis]! / factor)) as [number, number, number];
    cells.add(cellKey(x, y, z));
  }
  return Float64Array.from(cells).sort();
}
