/**
 * What TexFM is told: 16-channel features of an image, or of the map in Table 13's colours, laid on the voxels that each ray meets first (paper, "TexFM CondNet"); or nothing: 10,000 random voxels with
 * zero features.
 */
import { onDevice, scope, Tensor } from "../../../ffi";
import { castVoxels, imageToVoxels, topDownView } from "../../../ffi/mesh";
import type { CondVoxels, Draws } from "./voxel-set";

/** Voxels of the empty condition. */
const EMPTY_VOXELS = 10_000;

/** Features of a picture, one vector a patch. */
export interface FeatureMap {
  /** [channels, rows, columns]. */
  values: Float32Array;
  channels: number;
  rows: number;
  columns: number;
  /** Pixels along a patch's edge, which may be a fraction. */
  patch: number;
}

/** From where the map's rays come down: above every voxel. */
const SKY = 65_536;

/**
 * Rays down through the columns of a north-up map: the highest voxel of each takes the map's features there. Voxels come in the order of y, then x.
 *
 * @param coords [N, 3] of the scene, in [0, extent)
 */
export function mapOnVoxels(coords: Int32Array, features: FeatureMap, extent: number): CondVoxels {
  const views = () => topDownView({ west: 0, north: extent, top: SKY, pixel: 1, width: extent, height: extent });
  const hits = onDevice("cpu", () =>
    scope(() => castVoxels(Tensor.from(coords, [coords.length / 3, 3]), { origin: [0, 0, 0], voxel_m: 1 }, views()).voxel.toArray()),
  );
  return featuresOn(coords, hits, features, extent, "upwards");
}

/**
 * Rays through the pixels of a camera: the voxel that each meets first takes the features of its pixels, their mean. Voxels come in the order of the
 * pixels that see them.
 *
 * @param hit_HW row of the first voxel for each pixel, −1 where there is none
 */
export function imageOnVoxels(coords: Int32Array, hit_HW: ArrayLike<number>, features: FeatureMap, width: number): CondVoxels {
  return featuresOn(coords, hit_HW, features, width, "downwards");
}

export function emptyOnVoxels(coords: Int32Array, channels: number, draws: Draws): CondVoxels {
  const n = coords.length / 3;
  const rows = n <= EMPTY_VOXELS ? Int32Array.from({ length: n }, (_, i) => i) : randomRows(n, EMPTY_VOXELS, draws);
  const kept = new Int32Array(3 * rows.length);
  for (const [i, row] of rows.entries()) kept.set(coords.subarray(3 * row, 3 * row + 3), 3 * i);
  return { coords: kept, feats: new Float32Array(rows.length * channels), channels };
}

/** The voxels that pixels see, in the order of the pixels, each with the mean of what its pixels read of the features. */
function featuresOn(coords: Int32Array, hit_HW: ArrayLike<number>, features: FeatureMap, width: number, order: "downwards" | "upwards"): CondVoxels {
  const height = hit_HW.length / width;
  const place = new Int32Array(coords.length / 3).fill(-1);
  const placed_HW = new Int32Array(hit_HW.length).fill(-1);
  const kept: number[] = [];
  for (let line = 0; line < height; line++) {
    const first = (order === "downwards" ? line : height - 1 - line) * width;
    for (let pixel = first; pixel < first + width; pixel++) {
      const row = hit_HW[pixel]!;
      if (row < 0) continue;
      if (place[row]! < 0) {
        place[row] = kept.length / 3;
        kept.push(coords[3 * row]!, coords[3 * row + 1]!, coords[3 * row + 2]!);
      }
      placed_HW[pixel] = place[row]!;
    }
  }
  if (kept.length === 0) throw new RangeError("the condition's rays meet no voxel of the scene");
  const { channels, rows, columns, patch, values } = features;
  // They go back into an array: a GPU would be waited for.
  const feats = onDevice("cpu", () =>
    scope(() => {
      const picture = Tensor.from(values, [1, channels, rows, columns]);
      return imageToVoxels(picture, Tensor.from(placed_HW, [1, height, width]), kept.length / 3, patch).feats.toArray() as Float32Array;
    }),
  );
  return { coords: Int32Array.from(kept), feats, channels };
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
