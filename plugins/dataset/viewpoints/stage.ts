import { join } from "node:path";
import { defineStage, EXIT, UserError } from "../../../cli/plugin";
import { viewpointOptions } from "./options";

export const viewpoints = defineStage({
  name: "viewpoints",
  version: 1,
  title: "Camera viewpoints",
  options: viewpointOptions,
  needs: ["scene"],
  foreach: "site",
  native: false,
  minutes: 0.02,
  run: async (task) => {
    const [{ readSceneMesh, readSceneRecord }, { SurfaceGrid }, { planViewpoints, toTransforms }, { SITE_M }, { mapPicture }] = await Promise.all([
      import("../scene-input"),
      import("./surface-grid"),
      import("./plan"),
      import("../place/sites"),
      import("./map-picture"),
    ]);
    const dir = task.inputs.scene!.dirOf(task.item!);
    const scene = await readSceneRecord(dir);
    const surface = SurfaceGrid.fromMesh(await readSceneMesh(dir));
    const views = planViewpoints(scene, surface, task.options);
    if (!views.some((view) => view.pattern !== "building"))
      throw new UserError({
        what: "no Top or AdaLevel camera is planned, and only those annotate",
        where: "viewpoints",
        fix: "raise top.per_square or adalevel.levels",
        exit: EXIT.usage,
      });
    await Bun.write(join(task.out, "transforms.json"), JSON.stringify(toTransforms(views, task.options.image, scene.georeference), null, 1));
    await Bun.write(join(task.out, "map.png"), await mapPicture(surface, views, SITE_M + 200));
    const count = (test: (view: (typeof views)[number]) => boolean) => views.filter(test).length;
    const [toRoad, up] = [count((v) => v.moved === "to-road"), count((v) => v.moved === "up")];
    task.section({
      title: `Viewpoints of ${task.item}`,
      sentence: `${views.length} cameras are planned; ${toRoad + up === 0 ? "nothing stood in their way" : `${toRoad} moved over a road and ${up} rose, because something stood in their way`}.`,
      figures: [
        {
          file: "map.png",
          caption:
            "Cameras over the map, north up: white outer square, yellow inner square, magenta round the tallest building, cyan AdaLevel; a red ring marks a camera that moved. Dashed: the central 500 m.",
        },
      ],
    });
    return {
      metrics: {
        cameras: views.length,
        top: count((v) => v.pattern.startsWith("top")),
        building: count((v) => v.pattern === "building"),
        adalevel: count((v) => v.pattern === "adalevel"),
        moved_to_road: toRoad,
        moved_up: up,
      },
    };
  },
});
