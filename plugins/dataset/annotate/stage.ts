import { defineStage } from "../../../cli/plugin";
import { annotateOptions } from "./options";

export const annotate = defineStage({
  name: "annotate",
  version: 1,
  title: "Annotated mesh",
  options: annotateOptions,
  needs: ["capture", "scene"],
  foreach: "site",
  itemsOf: "capture",
  native: true,
  minutes: 0.08,
  run: async (task) => {
    const { annotateSite } = await import("./site");
    const found = await annotateSite({
      capturedDir: task.inputs.capture!.dirOf(task.item!),
      sceneDir: task.inputs.scene!.dirOf(task.item!),
      out: task.out,
      options: task.options,
      progress: (done, total) => {
        task.stopIfCancelled();
        task.progress(done, total, "views");
      },
    });
    task.section({
      title: `Annotated mesh of ${task.item}`,
      sentence: `${found.views} views annotate ${found.vertices} vertices; ${(100 * found.unseenShare).toFixed(1)} % of them no view saw, and they take over the nearest seen vertex${found.levelled > 0 ? `; ${found.levelled} bodies of water were levelled` : ""}.`,
      figures: [
        {
          file: "annotated.png",
          caption: "The annotated mesh from above, north up: colour, class, normal, and in white the vertices that no view saw.",
        },
      ],
    });
    const { vertices, faces, views } = found;
    return { metrics: { vertices, faces, views, unseen_share: found.unseenShare, buried_share: 1 - faces / Math.max(1, found.facesWithin) } };
  },
});
