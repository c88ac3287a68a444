import { CLASSES } from "../../earth/api";
import type { SplitIndex } from "../sample-format/index-file";
import type { SampleRecord } from "../sample-format/sample";

/** What the report tells of a data set: its sites, and its classes beside the paper's. */
export function splitTables(
  index: SplitIndex,
  records: readonly SampleRecord[],
): { title: string; columns: string[]; rows: (string | number)[][] }[] {
  const sites = index.sites.map(({ id, held_out, tuning }) => {
    const own = records.filter((r) => r.site === id);
    return [
      id,
      held_out ? "validation" : tuning ? "tuning" : index.policy === "sites" ? "train" : "mixed",
      own.length,
      Math.round(own.reduce((sum, r) => sum + r.voxels, 0) / Math.max(1, own.length)),
      own.reduce((high, r) => Math.max(high, r.height_cells), 0),
      own.reduce((sum, r) => sum + r.cut_voxels, 0),
      index.samples.filter((s) => s.site === id && s.split === "unused").length,
    ];
  });
  const total = records.reduce((sum, r) => sum + r.voxels, 0);
  const classes = CLASSES.map(({ id, name, percentage }) => {
    const voxels = records.reduce((sum, r) => sum + r.class_voxels[id]!, 0);
    return [name, voxels, Number(((100 * voxels) / total).toFixed(2)), percentage];
  }).filter(([, voxels, , percentage]) => (voxels as number) > 0 || (percentage as number) > 1);
  return [
    { title: "Sites", columns: ["site", "split", "crops", "voxels a crop", "highest cell", "cut voxels", "left out"], rows: sites },
    {
      title: "Classes",
      columns: ["class", "voxels", "share %", "Aerial-Earth3D %"],
      rows: classes.sort((a, b) => (b[1] as number) - (a[1] as number)),
    },
  ];
}
