/**
 * The crops of a site joined to one sample, so that windows lie anywhere in the site. The paper's windows (L = 256) move within crops of 360 cells; where a window is as large as a crop, joining is what
 * lets it move. Crops of a site share a lattice, and where two overlap they hold the same voxels.
 */
import { ops } from "../../ffi";
import { Tensor } from "../../ffi/tensor";
import type { Dataset, SampleRecord } from "../dataset/api";
import { turnCoords } from "./augment/symmetry";
import type { Crop } from "./crops";
import type { Sample } from "./samples";

/** Where a crop of the data set lies in the sample, and the views that see it, best first. */
export interface Part {
  /** Its south-western cell. */
  corner: readonly [number, number];
  /** Cells along its edge. */
  size: number;
  views: SampleRecord["views"];
}

/** Crops by the sample that they make: those of a site together where they cover a square without a gap, else each by itself. */
export async function wholeSites(dataset: Dataset, ids: readonly string[]): Promise<Map<string, string[]>> {
  const records = await Promise.all(ids.map((id) => dataset.readRecord(id)));
  const made = new Map<string, string[]>();
  for (const [site, crops] of Map.groupBy(records, (record) => record.site)) {
    if (coversSquare(crops))
      made.set(
        site,
        crops.map(({ id }) => id),
      );
    else for (const { id } of crops) made.set(id, [id]);
  }
  return made;
}

/** One sample of a site's crops, the caller's scope owning its tensor; a single crop is itself. Its record says where the site lies; views are in `parts`, and counts by class or height stay the first crop's. */
export function joined(id: string, crops: readonly Sample[]): Sample {
  const [first, ...others] = crops as [Sample, ...Sample[]];
  if (others.length === 0) return first;
  const { west, south, extent } = squareOf(crops.map(({ record }) => record));
  const cornerOf = ({ record }: Sample): [number, number] => [record.offset_cells[0] - west, record.offset_cells[1] - south];
  const taken = new Uint8Array(extent ** 2);
  const map = new Uint8Array(extent ** 2);
  const rows = crops.map((crop) => {
    const [x0, y0] = cornerOf(crop);
    const own: number[] = [];
    for (let row = 0; row < crop.coords.length / 3; row++)
      if (taken[(y0 + crop.coords[3 * row + 1]!) * extent + x0 + crop.coords[3 * row]!] === 0) own.push(row);
    for (let y = 0; y < crop.extent; y++) {
      taken.fill(1, (y0 + y) * extent + x0, (y0 + y) * extent + x0 + crop.extent);
      // Maps are north-up.
      map.set(crop.map.subarray((crop.extent - 1 - y) * crop.extent, (crop.extent - y) * crop.extent), (extent - 1 - y0 - y) * extent + x0);
    }
    return own;
  });
  const pick = (channels: number, of: (crop: Sample) => Uint8Array) =>
    Uint8Array.from(crops.flatMap((crop, i) => rows[i]!.flatMap((row) => [...of(crop).subarray(channels * row, channels * (row + 1))])));
  const coords = Int32Array.from(
    crops.flatMap((crop, i) => {
      const [x0, y0] = cornerOf(crop);
      return rows[i]!.flatMap((row) => [crop.coords[3 * row]! + x0, crop.coords[3 * row + 1]! + y0, crop.coords[3 * row + 2]!]);
    }),
  );
  return {
    ...{ id, extent, coords, map },
    record: {
      ...first.record,
      id,
      crop: [0, 0],
      offset_cells: [west, south, first.record.offset_cells[2]],
      cells: extent,
      voxels: coords.length / 3,
    },
    parts: crops.map((crop) => ({ corner: cornerOf(crop), size: crop.extent, views: crop.record.views })),
    feats: ops.aten.cat(
      crops.map((crop, i) => crop.feats.indexSelect(0, Tensor.from(rows[i]!, [rows[i]!.length], { dtype: "i64" }))),
      0,
    ),
    rgb: pick(3, ({ rgb }) => rgb),
    semantic: pick(1, ({ semantic }) => semantic),
  };
}

/** Views that may see a crop, best first: those of the part of its sample whose middle is nearest to its own. */
export function viewsOver({ sample, symmetry, corner, square }: Crop): readonly number[] {
  const middle = [0, 1].map((axis) => corner[axis]! + [square.x, square.y][axis]! + square.size / 2) as [number, number];
  const distance = ({ corner: [x, y], size }: Part) => {
    const half = Math.floor(size / 2);
    const at = turnCoords(Int32Array.of(x + half, y + half, 0), symmetry, sample.extent);
    return Math.hypot(at[0]! - middle[0], at[1]! - middle[1]);
  };
  const nearest = sample.parts.reduce((best, part) => (distance(part) < distance(best) ? part : best));
  return nearest.views.map(({ view }) => view);
}

function squareOf(crops: readonly Pick<SampleRecord, "offset_cells" | "cells">[]): { west: number; south: number; extent: number } {
  const [west, south] = [0, 1].map((axis) => Math.min(...crops.map(({ offset_cells }) => offset_cells[axis]!))) as [number, number];
  const extent = Math.max(...crops.map(({ offset_cells: [x, y], cells }) => Math.max(x - west, y - south) + cells));
  return { west, south, extent };
}

function coversSquare(crops: readonly SampleRecord[]): boolean {
  const { west, south, extent } = squareOf(crops);
  const taken = new Uint8Array(extent ** 2);
  for (const { offset_cells, cells } of crops)
    for (let y = offset_cells[1] - south; y < offset_cells[1] - south + cells; y++)
      taken.fill(1, y * extent + offset_cells[0] - west, y * extent + offset_cells[0] - west + cells);
  return !taken.includes(0);
}
