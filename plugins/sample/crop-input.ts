/** What a crop of the data set offers as a condition: its map, one of the views that see it, and where both lie. */
import type { Dataset, Sample } from "../dataset/api";
import { CENTRE_M } from "../earth/api";
import type { Lattice, View } from "../models/api";
import type { ConditionInput } from "./conditions";

/** The window of `extent` cells in the middle of a crop. */
export interface CropWindow {
  sample: Sample;
  /** Cells from the crop's south-western corner to the window's. */
  corner: number;
  extent: number;
  /** Where the window's cell (0, 0, 0) begins, in the site's frame. */
  lattice: Lattice;
}

export async function cropWindow(dataset: Dataset, id: string, extent: number): Promise<CropWindow> {
  const sample = await dataset.readSample(id);
  const { offset_cells, voxel_m, z_floor_m, cells } = sample.record;
  if (extent > cells) throw new RangeError(`crop ${id} has ${cells} cells along its edge, the models want ${extent}`);
  const corner = Math.floor((cells - extent) / 2);
  const west_m = -CENTRE_M / 2;
  const origin_m = [
    west_m + (offset_cells[0] + corner) * voxel_m,
    west_m + (offset_cells[1] + corner) * voxel_m,
    z_floor_m + offset_cells[2] * voxel_m,
  ] as const;
  return { sample, corner, extent, lattice: { origin_m, voxel_m, extent } };
}

/** The part of the crop's north-up map over the window: u8 [extent, extent]. */
export function windowMap({ sample, corner, extent }: CropWindow): Uint8Array {
  const { cells } = sample.record;
  const map = sample.semanticMap.data as Uint8Array;
  const part = new Uint8Array(extent ** 2);
  for (let row = 0; row < extent; row++) {
    const from = (cells - corner - extent + row) * cells + corner;
    part.set(map.subarray(from, from + extent), row * extent);
  }
  return part;
}

/** The truth in the window: voxels that lie in it, [N, 3] in its cells, with their rows in the sample. */
export function windowVoxels({ sample, corner, extent }: CropWindow): { coords: Int32Array; rows: Int32Array } {
  const all = sample.coords.data as Int16Array;
  const rows: number[] = [];
  const coords: number[] = [];
  for (let i = 0; i < all.length / 3; i++) {
    const [x, y, z] = [all[3 * i]! - corner, all[3 * i + 1]! - corner, all[3 * i + 2]!];
    if (x < 0 || y < 0 || x >= extent || y >= extent || z >= extent) continue;
    rows.push(i);
    coords.push(x, y, z);
  }
  return { coords: Int32Array.from(coords), rows: Int32Array.from(rows) };
}

/** View `index` of the crop's site. */
export function siteView(dataset: Dataset, site: string, index: number): View {
  const views = dataset.readViews(site);
  const [, height, width] = views.depth.shape as [number, number, number];
  const size = width * height;
  const cut = <A extends { subarray(begin: number, end: number): A }>(data: unknown, each: number) =>
    (data as A).subarray(each * index, each * (index + 1));
  return {
    ...{ width, height },
    rgb: cut<Uint8Array>(views.rgb.data, 3 * size),
    depth: cut<Float32Array>(views.depth.data, size),
    normal: cut<Int8Array>(views.normal.data, 3 * size),
    c2w: cut<Float32Array>(views.c2w.data, 16),
    intrinsics: cut<Float32Array>(views.intrinsics.data, 4),
  };
}

/** A condition made of the crop itself; a crop that no view sees has no image condition. */
export function conditionOf(dataset: Dataset, window: CropWindow, kind: "semantic" | "image" | "none"): ConditionInput {
  if (kind === "none") return { kind };
  if (kind === "semantic") return { kind, map: windowMap(window) };
  const best = window.sample.record.views[0];
  if (!best) throw new RangeError(`no view sees crop ${window.sample.record.id}`);
  return { kind, view: siteView(dataset, window.sample.record.site, best.view), lattice: window.lattice };
}
