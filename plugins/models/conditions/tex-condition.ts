/**
 * What TexFM is told: 16-channel features of an image, or of the map in Table 13's colours, laid on the voxels that each ray meets first (paper, "TexFM CondNet"); or nothing: 10,000 random voxels with
 * zero features.
 */
import { type CondVoxels, type Draws, voxelCount } from "./voxel-set";

/** Voxels of the empty condition. */
const EMPTY_VOXELS = 10_000;

/** Features of a picture, one vector a patch. */
export interface FeatureMap {
  /** [channels, rows, columns]. */
  values: Float32Array;
  channels: number;
  rows: number;
  columns: number;
  /** Pixels along a patch's edge. */
  patch: number;
}

/**
 * Rays down through the columns of a north-up map: the highest voxel of each takes the map's features there.
 *
 * @param coords [N, 3] of the scene, in [0, extent)
 */
export function mapOnVoxels(coords: Int32Array, features: FeatureMap, extent: number): CondVoxels {
  const top = topRows(coords, extent);
  const hits: [row: number, pixel: number][] = [];
  for (let y = 0; y < extent; y++)
    for (let x = 0; x < extent; x++) {
      const row = top[x + extent * y]!;
      if (row >= 0) hits.push([row, (extent - 1 - y) * extent + x]);
    }
  return meanFeatures(coords, hits, features, extent);
}

/**
 * Rays through the pixels of a camera: the voxel that each meets first takes the features of its pixels, their mean.
 *
 * @param hit_HW row of the first voxel for each pixel, −1 where there is none
 */
export function imageOnVoxels(coords: Int32Array, hit_HW: ArrayLike<number>, features: FeatureMap, width: number): CondVoxels {
  const hits: [number, number][] = [];
  for (let pixel = 0; pixel < hit_HW.length; pixel++) if (hit_HW[pixel]! >= 0) hits.push([hit_HW[pixel]!, pixel]);
  return meanFeatures(coords, hits, features, width);
}

export function emptyOnVoxels(coords: Int32Array, channels: number, draws: Draws): CondVoxels {
  const n = coords.length / 3;
  const rows = n <= EMPTY_VOXELS ? Int32Array.from({ length: n }, (_, i) => i) : randomRows(n, EMPTY_VOXELS, draws);
  const kept = new Int32Array(3 * rows.length);
  for (const [i, row] of rows.entries()) kept.set(coords.subarray(3 * row, 3 * row + 3), 3 * i);
  return { coords: kept, feats: new Float32Array(rows.length * channels), channels };
}

/** Row of the highest voxel of each column, −1 where it is empty: [extent², x + extent·y]. */
export function topRows(coords: Int32Array, extent: number): Int32Array {
  const top = new Int32Array(extent ** 2).fill(-1);
  for (let i = 0; i < coords.length / 3; i++) {
    const column = coords[3 * i]! + extent * coords[3 * i + 1]!;
    const best = top[column]!;
    if (best < 0 || coords[3 * i + 2]! > coords[3 * best + 2]!) top[column] = i;
  }
  return top;
}

function meanFeatures(coords: Int32Array, hits: readonly [number, number][], features: FeatureMap, width: number): CondVoxels {
  const { channels, patch, columns, rows, values } = features;
  const place = new Map<number, number>();
  for (const [row] of hits) if (!place.has(row)) place.set(row, place.size);
  const feats = new Float32Array(place.size * channels);
  const counts = new Uint32Array(place.size);
  for (const [row, pixel] of hits) {
    const at = place.get(row)!;
    const patchRow = Math.min(rows - 1, Math.floor(Math.floor(pixel / width) / patch));
    const patchColumn = Math.min(columns - 1, Math.floor((pixel % width) / patch));
    for (let c = 0; c < channels; c++) feats[at * channels + c]! += values[(c * rows + patchRow) * columns + patchColumn]!;
    counts[at]!++;
  }
  const kept = new Int32Array(3 * place.size);
  for (const [row, at] of place) {
    kept.set(coords.subarray(3 * row, 3 * row + 3), 3 * at);
    for (let c = 0; c < channels; c++) feats[at * channels + c]! /= counts[at]!;
  }
  const voxels: CondVoxels = { coords: kept, feats, channels };
  if (voxelCount(voxels) === 0) throw new RangeError("the condition's rays meet no voxel of the scene");
  return voxels;
}

/** `count` of n rows without repeats: the first of a partial shuffle. */
function randomRows(n: number, count: number, draws: Draws): Int32Array {
  const rows = Int32Array.from({ length: n }, (_, i) => i);
  const u = draws.uniform(count);
  for (let i = 0; i < count; i++) {
    const j = i + Math.min(n - i - 1, Math.floor(u[i]! * (n - i)));
    [rows[i], rows[j]] = [rows[j]!, rows[i]!];
  }
  return rows.subarray(0, count).slice();
}
