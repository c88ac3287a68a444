/**
 * One crop through the chain under one condition, and how it compares with the truth of that crop (DESIGN §4, "Measures").
 *
 * mIoU³ at L/8 after ClassSFM ("coarse") and after the refinement ("refined"), mIoU⁰ at L, and the lift of buildings over the roads near them.
 */
import { scope } from "../../../ffi";
import { cellKeys, coarsened, iou } from "../../models/api";
import type { PipelineModels } from "../../sample/api";
import { type CropWindow, flatten, type SceneRequest, sampleScene, windowVoxels } from "../../sample/api";
import { classHeights, liftOverRoads } from "./lift";

export interface ChainScore {
  iou3_coarse: number;
  iou3_refined: number;
  iou0: number;
  /** Metres that building cells stand over road cells within 20 m; NaN where there are none of either. */
  building_lift_m: number;
  voxels: number;
}

export interface ChainResult {
  score: ChainScore;
  /** [N, 3] and sRGB [N, 3]. */
  coords: Int32Array;
  rgb: Uint8Array;
}

export function runChain(models: PipelineModels, request: SceneRequest, window: CropWindow, map: Uint8Array): ChainResult {
  const truth = windowVoxels(window).coords;
  return scope(() => {
    const scene = sampleScene(models, request);
    const { coords, rgb } = flatten(scene.texture.coords, scene.splats);
    const truth3 = coarsened(truth, 3, 8);
    const refined = scene.latents!.coords.toArray() as Int32Array;
    const score = {
      iou3_coarse: iou(cellKeys(scene.coarse!, 3), truth3),
      iou3_refined: iou(cellKeys(refined, 4), truth3),
      iou0: iou(cellKeys(coords, 3), cellKeys(truth, 3)),
      building_lift_m: liftOverRoads(classHeights(coords, window.extent), map, window.extent, window.lattice.voxel_m),
      voxels: coords.length / 3,
    };
    return { score, coords, rgb };
  });
}
