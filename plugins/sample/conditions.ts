/**
 * A condition as both halves of the pipeline want it: points or a plane for the structure flows, features on first-hit voxels for the texture flow (paper, "Condition Branch", "TexFM CondNet").
 */
import { ops, scope, Tensor, uniform } from "../../ffi";
import { castVoxels, openglViews } from "../../ffi/mesh";
import { FEATURE_CHANNELS, type FeatureExtractor } from "../dataset/api";
import { PALETTE } from "../earth/api";
import {
  type CondVoxels,
  emptyCondition,
  emptyOnVoxels,
  type FeatureMap,
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

/**
 * @param extent L of the window
 * @param seed of the empty condition's random voxels
 */
export function sceneCondition(input: ConditionInput, extent: number, extractor: FeatureExtractor, seed: number): SceneCondition {
  const empty = (coords: Int32Array) =>
    emptyOnVoxels(coords, FEATURE_CHANNELS, {
      uniform: (count) => uniform([count], { seed, purpose: "condition", index: 0 }).toArray() as Float32Array,
    });
  return {
    structure: { cond: toTensor(structureVoxels(input, extent)), empty: toTensor(emptyCondition(extent)) },
    texture: (coords) => ({ cond: sparseOf(textureVoxels(input, coords, extent, extractor) ?? empty(coords)), empty: sparseOf(empty(coords)) }),
  };
}

function structureVoxels(input: ConditionInput, extent: number) {
  if (input.kind === "none") return emptyCondition(extent);
  if (input.kind === "semantic") return semanticCondition(input.map, extent);
  return imageCondition(input.view, { ...input.lattice, extent });
}

/** Null where the condition says nothing of these voxels. */
function textureVoxels(input: ConditionInput, coords: Int32Array, extent: number, extractor: FeatureExtractor): CondVoxels | null {
  if (input.kind === "none") return null;
  if (input.kind === "semantic") {
    const rgb = new Uint8Array(3 * input.map.length);
    for (const [i, id] of input.map.entries()) rgb.set(PALETTE.subarray(3 * id, 3 * id + 3), 3 * i);
    return mapOnVoxels(coords, pictureFeatures(rgb, extent, extent, extractor), extent);
  }
  const { view, lattice } = input;
  const hits = scope(() => {
    const views = openglViews([view], view.width, view.height);
    return castVoxels(Tensor.from(coords, [coords.length / 3, 3]), { origin: lattice.origin_m, voxel_m: lattice.voxel_m }, views).voxel.toArray();
  });
  if (hits.every((row) => row < 0)) return null;
  return imageOnVoxels(coords, hits, pictureFeatures(view.rgb, view.width, view.height, extractor), view.width);
}

/** Features of a picture u8 [H, W, 3] at scale 1; the border repeats to whole patches. */
function pictureFeatures(rgb: Uint8Array, width: number, height: number, extractor: FeatureExtractor): FeatureMap {
  const { patch } = extractor;
  return scope(() => {
    const picture = Tensor.from(rgb, [1, height, width, 3]).to("f32").div(255).permute([0, 3, 1, 2]);
    const [padH, padW] = [(patch - (height % patch)) % patch, (patch - (width % patch)) % patch];
    const padded = padH + padW > 0 ? ops.aten.pad(picture, [0, padW, 0, padH], "replicate") : picture;
    const encoded = extractor.encode(padded.contiguous());
    return { values: encoded.toArray() as Float32Array, channels: FEATURE_CHANNELS, rows: encoded.shape[2]!, columns: encoded.shape[3]!, patch };
  });
}
