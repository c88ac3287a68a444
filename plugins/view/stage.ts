/** Stage `view`: exports and pictures of every scene that earlier stages generated. */
import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { z } from "zod";
import { defineStage } from "../../cli/plugin";

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
  minutes: 0.3,
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
      for (const { file, caption } of written)
        if (/^(oblique|top)\.png$/.test(file)) figures.push({ file: join(name, file), caption: `${name}: ${caption.toLowerCase()}` });
      rows.push([name, scene.voxels.coords.length / 3, scene.splats?.count ?? 0, written.map(({ file }) => file).join(" ")]);
      task.progress(i + 1, scenes.length, name);
      task.stopIfCancelled();
    }
    task.section({
      title: "Exports",
      sentence: `${scenes.length} ${scenes.length === 1 ? "scene is" : "scenes are"} written as PLY, GLB and GeoTIFF for viewers, modelling programs and GIS.`,
      figures: figures.filter(({ file }) => existsSync(join(task.out, file))),
      tables: [{ title: "Files", columns: ["scene", "voxels", "splats", "files"], rows }],
    });
    return { items: scenes.map(({ name }) => name), metrics: { scenes: scenes.length } };
  },
});
