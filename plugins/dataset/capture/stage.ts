import { defineStage } from "../../../cli/plugin";
import { captureOptions } from "./options";

export const capture = defineStage({
  name: "capture",
  version: 1,
  title: "Rendered views",
  options: captureOptions,
  needs: ["viewpoints", "scene"],
  foreach: "site",
  itemsOf: "viewpoints",
  native: true,
  minutes: 0.08,
  run: async (task) => {
    const { captureSite } = await import("./site");
    const { count, width, height, covered } = await captureSite({
      viewpointsDir: task.inputs.viewpoints!.dirOf(task.item!),
      sceneDir: task.inputs.scene!.dirOf(task.item!),
      out: task.out,
      options: task.options,
      progress: (done, total) => {
        task.stopIfCancelled();
        task.progress(done, total, "views");
      },
    });
    task.section({
      title: `Views of ${task.item}`,
      sentence: `${count} views of ${width} × ${height} pixels are rendered; the scene fills ${(100 * covered).toFixed(0)} % of them.`,
      figures: [
        {
          file: "views.png",
          caption:
            "Colour, depth (near is bright), normal (east red, north green, up blue) and class; a Top view above, a lowest AdaLevel view below.",
        },
      ],
    });
    return { metrics: { views: count, covered } };
  },
});
