/**
 * A condition as both halves of the pipeline want it: points or a plane for the structure flows, features on first-hit voxels for the texture flow (paper, "Condition Branch", "TexFM CondNet").
 */
import { scope, Tensor, uniform } from "../../ffi";
import { castVoxels, openglViews } from "../../ffi/mesh";
import { FEATURE_CHANNELS, type FeatureExtractor, mapFeatures, pictureFeatures } from "../dataset/api";
import {
  type CondVoxels,
  emptyCondition,
  emptyOnVoxels,
  imageCondition,
  imageOnVoxels,
  type Lattice,
  mapOnVoxels,
  semanticCondition,
  sparseOf,
  toTensor,
  type View,
} from "../models/api";
import type { SceneCondition } from "./pipeline";

export type ConditionInput =
  /** u8 [L, L] ids of Table 13, north-up. */
  | { kind: "semantic"; map: Uint8Array }
  /** One posed view with depth. `lattice` places the window among its cameras. */
  | { kind: "image"; view: View; lattice: Lattice }
  | { kind: "none" };

/** How the models look at conditions: as they did in training. */
export interface Sight {
  /** L of the flows' window. */
  extent: number;
  extractor: FeatureExtractor;
  /** Pixels that TexFM's map is drawn with for one cell. */
  mapPixels: number;
}

/** @param seed of the empty condition's random voxels */
export function sceneCondition(input: ConditionInput, sight: Sight, seed: number): SceneCondition {
  const { extent } = sight;
  const empty = (coords: Int32Array) =>
    emptyOnVoxels(coords, FEATURE_CHANNELS, {
      uniform: (count) => uniform([count], { seed, purpose: "condition", index: 0 }).toArray() as Float32Array,
    });
  return {
    structure: { cond: toTensor(structureVoxels(input, extent)), empty: toTensor(emptyCondition(extent)) },
    texture: (coords) => ({ cond: sparseOf(textureVoxels(input, coords, sight) ?? empty(coords)), empty: sparseOf(empty(coords)) }),
  };
}

function structureVoxels(input: ConditionInput, extent: number) {
  if (input.kind === "none") return emptyCondition(extent);
  if (input.kind === "semantic") return semanticCondition(input.map, extent);
  return imageCondition(input.view, { ...input.lattice, extent });
}

/** Null where the condition says nothing of these voxels. */
function textureVoxels(input: ConditionInput, coords: Int32Array, { extent, extractor, mapPixels }: Sight): CondVoxels | null {
  if (input.kind === "none") return null;
  if (input.kind === "semantic") return mapOnVoxels(coords, mapFeatures(extractor, input.map, extent, mapPixels), extent);
  const { view, lattice } = input;
  const hits = scope(() => {
    const views = openglViews([view], view.width, view.height);
    return castVoxels(Tensor.from(coords, [coords.length / 3, 3]), { origin: lattice.origin_m, voxel_m: lattice.voxel_m }, views).voxel.toArray();
  });
  if (hits.every((row) => row < 0)) return null;
  return imageOnVoxels(coords, hits, pictureFeatures(extractor, view.rgb, view.width, view.height), view.width);
}
