/** StructFM's conditions for a training crop: turned, cut to the window and thinned as the crop's own voxels were. */
import {
  type ConditionKind,
  type ConditionMix,
  type CondVoxels,
  drawCondition,
  emptyCondition,
  imageCondition,
  normalDrop,
  type StructConditionVoxels,
  selectRows,
  semanticCondition,
  type View,
} from "../models/api";
import { turnCoords, turnMap, turnVectors } from "./augment/symmetry";
import type { Crop } from "./crops";
import { viewsOver } from "./joined-sites";
import type { StepDraws } from "./random";
import type { Sample, SampleStore } from "./samples";

export interface StructConditionRules {
  window: number;
  mix: ConditionMix;
  /** Share of image conditions that lose a side of their walls. */
  normalDrop: number;
}

/** A condition by chance. A crop that no view sees gets its map instead of an image. */
export function drawStructCondition(crop: Crop, store: SampleStore, rules: StructConditionRules, draws: StepDraws): StructConditionVoxels {
  const kind = drawCondition(rules.mix, draws);
  if (kind !== "image") return structConditionOf(kind, crop, store, rules.window);
  const seen = viewsOver(crop);
  if (seen.length === 0) return structConditionOf("semantic", crop, store, rules.window);
  const condition = structConditionOf("image", crop, store, rules.window, seen[draws.integers(1, seen.length)[0]!]!);
  if (condition.kind !== "image" || draws.uniform(1)[0]! >= rules.normalDrop) return condition;
  return { ...condition, voxels: normalDrop(condition.voxels, draws) };
}

/** @param view index among the site's views; for `image` only */
export function structConditionOf(kind: ConditionKind, crop: Crop, store: SampleStore, window: number, view = 0): StructConditionVoxels {
  const { sample, symmetry, corner } = crop;
  if (kind === "none") return emptyCondition(window);
  if (kind === "semantic") return semanticCondition(windowOfMap(turnMap(sample.map, symmetry, sample.extent), sample.extent, corner, window), window);
  const condition = imageCondition(viewOf(store, sample, view), cropFrame(sample));
  const voxels = intoWindow(turned(condition.voxels, crop), corner, window);
  // A view that sees only what was cut says nothing: then the map speaks.
  if (voxels.coords.length === 0) return structConditionOf("semantic", crop, store, window);
  return { kind: "image", extent: window, voxels };
}

/** Where the sample's lattice lies among its site's cameras. */
export function cropFrame({ record }: Sample): { origin_m: [number, number, number]; voxel_m: number; extent: number } {
  const { offset_cells, voxel_m, z_floor_m, cells } = record;
  const west = -250;
  return {
    origin_m: [west + offset_cells[0] * voxel_m, west + offset_cells[1] * voxel_m, z_floor_m + offset_cells[2] * voxel_m],
    voxel_m,
    extent: cells,
  };
}

export function viewOf(store: SampleStore, sample: Sample, index: number): View {
  const { width, height, ...views } = store.viewsOf(sample.record.site);
  const size = width * height;
  return {
    ...{ width, height },
    rgb: views.rgb.subarray(3 * size * index, 3 * size * (index + 1)),
    depth: views.depth.subarray(size * index, size * (index + 1)),
    normal: views.normal.subarray(3 * size * index, 3 * size * (index + 1)),
    c2w: views.c2w.subarray(16 * index, 16 * (index + 1)),
    intrinsics: views.intrinsics.subarray(4 * index, 4 * (index + 1)),
  };
}

/** The part of a north-up map [extent, extent] that lies over a window. */
export function windowOfMap(map: Uint8Array, extent: number, corner: readonly [number, number], window: number): Uint8Array {
  if (window === extent) return map;
  const part = new Uint8Array(window ** 2);
  for (let row = 0; row < window; row++) {
    const from = (extent - corner[1] - window + row) * extent + corner[0];
    part.set(map.subarray(from, from + window), row * window);
  }
  return part;
}

function turned(voxels: CondVoxels, { sample, symmetry }: Crop): CondVoxels {
  const { normals } = voxels;
  return { ...voxels, coords: turnCoords(voxels.coords, symmetry, sample.extent), ...(normals && { normals: turnVectors(normals, symmetry) }) };
}

function intoWindow(voxels: CondVoxels, corner: readonly [number, number], window: number): CondVoxels {
  const moved = voxels.coords.map((value, i) => (i % 3 === 2 ? value : value - corner[i % 3]!));
  const rows: number[] = [];
  for (let i = 0; i < moved.length / 3; i++) if ([0, 1, 2].every((axis) => moved[3 * i + axis]! >= 0 && moved[3 * i + axis]! < window)) rows.push(i);
  return selectRows({ ...voxels, coords: moved }, rows);
}
