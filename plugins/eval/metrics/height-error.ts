/** How far tops stand from where they should: what a person sees first of a wrong hill or a missing house. */
import { defineMetric, type ScoredCrop, type VoxelWindow } from "../../../cli/plugin";
import { surfaceOf } from "../../models/api";

/** Mean |Δ height| in metres over the columns that both scenes have a voxel in. */
export const heightError = defineMetric({
  name: "height_error_m",
  title: "tops off by (m)",
  measure({ truth, drawn, extent, voxel_m }: ScoredCrop) {
    const tops = ({ coords, rgb }: VoxelWindow) => surfaceOf(coords, rgb, extent, extent).height;
    const [wanted, found] = [tops(truth), tops(drawn)];
    let [sum, count] = [0, 0];
    for (const [column, top] of wanted.entries()) {
      const off = Math.abs(top - found[column]!);
      if (Number.isNaN(off)) continue;
      sum += off;
      count++;
    }
    return (sum / count) * voxel_m;
  },
});
