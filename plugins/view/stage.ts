/** Stage `view`: exports and pictures of every scene that earlier stages generated. */
import { dirname, join, relative } from "node:path";
import { z } from "zod";
import { defineStage } from "../../cli/plugin";

const OVERVIEW = "oblique.png";

export const view = defineStage({
  name: "view",
  version: 1,
  title: "Exports",
  options: z.strictObject({
    kinds: z.array(z.enum(["png", "ply", "glb", "tif"])).default(["png", "ply", "glb", "tif"]),
    /** Longer edge of a picture. */
    pixels: z.int().min(64).max(4096).default(960),
  }),
  needs: ["sample*", "extend*"],
  native: false,
  minutes: 0.05,
  run: async (task) => {
    const [{ exportScene }, { readScene }, { findScenes, sceneName }] = await Promise.all([
      import("./export"),
      import("./scene-file"),
      import("./find"),
    ]);
    const inputs = ["sample", "extend"].flatMap((need) => [...task.inputsOf(`${need}*`)]);
    const scenes = inputs.flatMap((input) =>
      findScenes(input.dir).map((path) => ({ path, name: sceneName(input.id, relative(input.dir, dirname(path))) })),
    );
    const rows: (string | number)[][] = [];
    const figures: { file: string; caption: string }[] = [];
    for (const [i, { path, name }] of scenes.entries()) {
      const scene = readScene(path);
      const written = await exportScene(scene, join(task.out, name), task.options);
      if (written.some(({ file }) => file === OVERVIEW)) figures.push({ file: join(name, OVERVIEW), caption: name });
      rows.push([name, scene.voxels.coords.length / 3, scene.splats?.count ?? 0, written.map(({ file }) => file).join(" ")]);
      task.progress(i + 1, scenes.length, name);
      task.stopIfCancelled();
    }
    task.section({
      title: "Exports",
      sentence: `${scenes.length} ${scenes.length === 1 ? "scene is" : "scenes are"} written as PLY, GLB and GeoTIFF for viewers, modelling programs and GIS.`,
      figures,
      tables: [{ title: "Files", columns: ["scene", "voxels", "splats", "files"], rows }],
    });
    return { items: scenes.map(({ name }) => name), metrics: { scenes: scenes.length } };
  },
});
