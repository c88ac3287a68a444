/**
 * The part of a site's view that shows a training crop: TexVAE's target pictures.
 *
 * A pixel belongs to the crop when the surface point it sees lies over the crop's columns; only such pixels count. The picture is cut to a rectangle about them, so that a small crop fills it.
 */
import { Tensor } from "../../ffi";
import type { SplatCamera } from "../models/api";
import { isReflection } from "./augment/symmetry";
import type { Crop } from "./crops";
import type { SampleStore } from "./samples";
import { viewOf } from "./struct-conditions";
import { cropCamera, mirrored } from "./tex-conditions";

export interface ViewCrop {
  camera: SplatCamera;
  width: number;
  height: number;
  /** [H, W, 3]. */
  rgb: Uint8Array;
  /** [H, W] of 0 and 1. */
  mask: Uint8Array;
  seen: number;
}

/** @returns null when the view sees nothing of the crop */
export function cutView(crop: Crop, store: SampleStore, index: number, [width, height]: readonly [number, number]): ViewCrop | null {
  const view = viewOf(store, crop.sample, index);
  const camera = cropCamera(crop, view.c2w, view.intrinsics, view.width);
  const reflected = isReflection(crop.symmetry);
  const depth = reflected ? mirrored(view.depth, view.width, view.height) : view.depth;
  const mask = overCrop(depth, view.width, view.height, camera, crop);
  const seen = bounds(mask, view.width);
  if (seen === null) return null;
  const [w, h] = [Math.min(width, view.width), Math.min(height, view.height)];
  const left = placed(seen.left, seen.right, w, view.width);
  const top = placed(seen.top, seen.bottom, h, view.height);
  const rgb = reflected ? mirrored(view.rgb, view.width, view.height) : view.rgb;
  const cut = { rgb: window(rgb, view.width, 3, left, top, w, h), mask: window(mask, view.width, 1, left, top, w, h) };
  const [fx, fy, cx, cy] = camera.intrinsics;
  return {
    ...{ width: w, height: h, ...cut },
    camera: { c2w: camera.c2w, intrinsics: [fx, fy, cx - left, cy - top] },
    seen: cut.mask.reduce((sum, value) => sum + value, 0),
  };
}

/** Views of one size as tensors: truth [V, 3, H, W] in [0, 1], mask [V, H, W]. */
export function stackViews(views: readonly ViewCrop[]): { truth: Tensor; mask: Tensor } {
  const { width, height } = views[0]!;
  const rgb = Uint8Array.from(views.flatMap((view) => [...view.rgb]));
  const mask = Uint8Array.from(views.flatMap((view) => [...view.mask]));
  return {
    truth: Tensor.from(rgb, [views.length, height, width, 3]).to("f32").div(255).permute([0, 3, 1, 2]).contiguous(),
    mask: Tensor.from(mask, [views.length, height, width]).to("f32"),
  };
}

/** Which pixels see a point over the crop's square, in voxel units of its window. */
function overCrop(depth_m: Float32Array, width: number, height: number, { c2w, intrinsics }: SplatCamera, { square, sample }: Crop): Uint8Array {
  const [fx, fy, cx, cy] = intrinsics;
  const mask = new Uint8Array(width * height);
  for (let pixel = 0; pixel < mask.length; pixel++) {
    const depth = depth_m[pixel]! / sample.record.voxel_m;
    if (!(depth > 0)) continue;
    const x = (((pixel % width) + 0.5 - cx) / fx) * depth;
    const y = (-(Math.floor(pixel / width) + 0.5 - cy) / fy) * depth;
    const at = (axis: number) => c2w[4 * axis]! * x + c2w[4 * axis + 1]! * y - c2w[4 * axis + 2]! * depth + c2w[4 * axis + 3]!;
    const [u, v] = [at(0) - square.x, at(1) - square.y];
    if (u >= 0 && u < square.size && v >= 0 && v < square.size) mask[pixel] = 1;
  }
  return mask;
}

function bounds(mask: Uint8Array, width: number): { left: number; right: number; top: number; bottom: number } | null {
  let found: { left: number; right: number; top: number; bottom: number } | null = null;
  for (let pixel = 0; pixel < mask.length; pixel++) {
    if (!mask[pixel]) continue;
    const [column, row] = [pixel % width, Math.floor(pixel / width)];
    found ??= { left: column, right: column, top: row, bottom: row };
    found.left = Math.min(found.left, column);
    found.right = Math.max(found.right, column);
    found.bottom = row;
  }
  return found;
}

/** Where a stretch of `size` pixels begins that is centred on [from, to] and stays within the picture. */
function placed(from: number, to: number, size: number, whole: number): number {
  return Math.min(whole - size, Math.max(0, Math.round((from + to + 1 - size) / 2)));
}

function window(picture: Uint8Array, width: number, channels: number, left: number, top: number, w: number, h: number): Uint8Array {
  const out = new Uint8Array(w * h * channels);
  for (let row = 0; row < h; row++) {
    const from = ((top + row) * width + left) * channels;
    out.set(picture.subarray(from, from + w * channels), row * w * channels);
  }
  return out;
}
