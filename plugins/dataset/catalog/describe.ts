import { CLASSES } from "../../earth/api";
import type { SplitIndex } from "../sample-format/index-file";
import type { SampleRecord } from "../sample-format/sample";

/** A sample in a few lines for a person. */
export function describeSample(entry: SplitIndex["samples"][number], record: SampleRecord): string {
  const { voxel_m, cells, crop, z_floor_m, voxels, cut_voxels, height_cells } = record;
  const classes = record.class_voxels
    .map((n, c) => ({ n, name: CLASSES[c]!.name }))
    .filter(({ n }) => n > 0)
    .sort((a, b) => b.n - a.n)
    .map(({ n, name }) => `  ${name.padEnd(20)} ${String(n).padStart(8)}  ${((100 * n) / voxels).toFixed(1).padStart(5)} %`);
  const where = record.georeference
    ? `${record.georeference.origin.lat.toFixed(5)}, ${record.georeference.origin.lon.toFixed(5)} (the site's origin)`
    : "no georeference";
  return [
    `${record.id}  ${entry.split}`,
    `  crop ${crop[0]} from the west, ${crop[1]} from the south of site ${record.site}; ${where}`,
    `  ${voxels} voxels of ${voxel_m.toFixed(3)} m in ${cells}³ cells, highest cell ${height_cells - 1}, floor at ${z_floor_m.toFixed(2)} m${cut_voxels > 0 ? `, ${cut_voxels} above the window cut` : ""}`,
    `  features ${record.extractor}; ${record.views.length} views see it${record.views[0] ? `, best view ${record.views[0].view} with ${(100 * record.views[0].share).toFixed(0)} % of its pixels` : ""}`,
    ...classes,
    `  ${entry.dir}`,
  ].join("\n");
}
