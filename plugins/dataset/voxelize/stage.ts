import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { defineStage } from "../../../cli/plugin";
import { voxelizeOptions } from "./options";

export const voxelize = defineStage({
  name: "voxelize",
  version: 1,
  title: "Voxel samples",
  options: voxelizeOptions,
  needs: ["annotate", "capture"],
  foreach: "site",
  itemsOf: "annotate",
  native: true,
  minutes: 0.03,
  run: async (task) => {
    const { voxelizeSite } = await import("./site");
    const samples = await voxelizeSite({
      site: task.item!,
      annotatedDir: task.inputs.annotate!.dirOf(task.item!),
      capturedDir: task.inputs.capture!.dirOf(task.item!),
      out: task.out,
      options: task.options,
      progress: (done, total) => {
        task.stopIfCancelled();
        task.progress(done, total, "crops");
      },
      folderOf: (crop) => {
        const folder = join(task.out, crop);
        mkdirSync(folder);
        return folder;
      },
    });
    const voxels = samples.map((s) => s.voxels);
    const [fewest, most] = [Math.min(...voxels), Math.max(...voxels)];
    const cut = samples.reduce((sum, s) => sum + s.cut_voxels, 0);
    task.section({
      title: `Voxel samples of ${task.item}`,
      sentence: `${samples.length} crops hold ${fewest} to ${most} voxels of ${samples[0]!.voxel_m.toFixed(3)} m${cut > 0 ? `; ${cut} above the window were cut` : "; nothing rises above the window"}.`,
      figures: [{ file: "crops.png", caption: "The 3 × 3 crops as they lie, north up: colour from above, height (high is bright), class." }],
    });
    return {
      metrics: {
        crops: samples.length,
        voxels: voxels.reduce((a, b) => a + b, 0) / voxels.length,
        cut_voxels: cut,
        height_cells: Math.max(...samples.map((s) => s.height_cells)),
      },
    };
  },
});
