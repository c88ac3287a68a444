/** TexFM's conditions for a training crop: features of a view or of the coloured map, on the crop's first-hit voxels. */
import { scope, Tensor } from "../../ffi";
import { castVoxels } from "../../ffi/mesh";
import { extractorOf, mapFeatures, pictureFeatures } from "../dataset/api";
import {
  type ConditionMix,
  type CondVoxels,
  drawCondition,
  emptyOnVoxels,
  imageOnVoxels,
  mapOnVoxels,
  type SplatCamera,
  viewTensors,
} from "../models/api";
import { isReflection, turnCamera, turnMap } from "./augment/symmetry";
import type { Crop } from "./crops";
import { viewsOver } from "./joined-sites";
import type { StepDraws } from "./random";
import type { SampleStore } from "./samples";
import { cropFrame, viewOf, windowOfMap } from "./struct-conditions";

export const TEX_CONDITION_CHANNELS = 16;

export interface TexConditionRules {
  window: number;
  /** Pixels that the map is drawn with for one cell. */
  mapPixels: number;
}

/**
 * A condition by chance, for voxels that may have been moved since they were the crop's.
 *
 * @param coords [N, 3] in the window
 */
export function drawTexCondition(
  coords: Int32Array,
  crop: Crop,
  store: SampleStore,
  rules: TexConditionRules & { mix: ConditionMix },
  draws: StepDraws,
): CondVoxels {
  const kind = drawCondition(rules.mix, draws);
  if (kind === "none") return emptyOnVoxels(coords, TEX_CONDITION_CHANNELS, draws);
  const seen = viewsOver(crop);
  if (kind === "image" && seen.length > 0) {
    const voxels = viewCondition(coords, crop, store, seen[draws.integers(1, seen.length)[0]!]!);
    if (voxels) return voxels;
  }
  return mapCondition(coords, crop, rules);
}

/** The map in Table 13's colours, through the extractor, from above. */
export function mapCondition(coords: Int32Array, { sample, symmetry, corner }: Crop, { window, mapPixels: pixels }: TexConditionRules): CondVoxels {
  const map = windowOfMap(turnMap(sample.map, symmetry, sample.extent), sample.extent, corner, window);
  return mapOnVoxels(coords, mapFeatures(extractorOf(sample.record.extractor), map, window, pixels), window);
}

/** What a view of the site sees of the voxels; null when that is nothing. */
export function viewCondition(coords: Int32Array, crop: Crop, store: SampleStore, index: number): CondVoxels | null {
  const { sample, symmetry } = crop;
  const view = viewOf(store, sample, index);
  const camera = cropCamera(crop, view.c2w, view.intrinsics, view.width);
  const rgb = isReflection(symmetry) ? mirrored(view.rgb, view.width, view.height) : view.rgb;
  const hits = scope(() => firstVoxels(coords, camera, view.width, view.height));
  if (Array.from(hits).every((row) => row < 0)) return null;
  return imageOnVoxels(coords, hits, pictureFeatures(extractorOf(sample.record.extractor), rgb, view.width, view.height), view.width);
}

/** A camera of the site in the crop's window: voxel units, turned as the crop is. */
export function cropCamera(crop: Crop, c2w: Float32Array, intrinsics: Float32Array, width: number): SplatCamera {
  const { origin_m, voxel_m, extent } = cropFrame(crop.sample);
  const local = Array.from(c2w);
  for (let axis = 0; axis < 3; axis++) local[4 * axis + 3] = (local[4 * axis + 3]! - origin_m[axis]!) / voxel_m;
  const turned = turnCamera(local, crop.symmetry, extent);
  turned[3]! -= crop.corner[0];
  turned[7]! -= crop.corner[1];
  const [fx, fy, cx, cy] = Array.from(intrinsics) as [number, number, number, number];
  return { c2w: turned, intrinsics: [fx, fy, isReflection(crop.symmetry) ? width - cx : cx, cy] };
}

/** Row of the first voxel that each pixel's ray meets, −1 where there is none: [H · W]. */
function firstVoxels(coords: Int32Array, camera: SplatCamera, width: number, height: number): ArrayLike<number> {
  const rows = Tensor.from(coords, [coords.length / 3, 3]);
  const { voxel } = castVoxels(rows, { origin: [0, 0, 0], voxel_m: 1 }, { ...viewTensors([camera]), width, height });
  return voxel.toArray();
}

/** A picture [H, W, 3] mirrored left to right. */
export function mirrored<T extends Uint8Array | Float32Array>(picture: T, width: number, height: number): T {
  const channels = picture.length / (width * height);
  const out = picture.slice() as T;
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++)
      for (let c = 0; c < channels; c++) out[(row * width + column) * channels + c] = picture[(row * width + width - 1 - column) * channels + c]!;
  return out;
}
