/** `earthcraft view`: exports of scenes that lie on disk already. */
import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { defineCommand, EXIT, UserError } from "../../cli/plugin";

export const viewCommand = defineCommand({
  name: "view",
  summary: "pictures, PLY, GLB and GeoTIFF of generated scenes",
  args: { path: { summary: "a scene.safetensors, or a folder or run that holds some", completes: "file" } },
  flags: {
    only: { kind: "list", summary: "png, ply, glb or tif; may be given several times", value: "KIND", completes: ["png", "ply", "glb", "tif"] },
    pixels: { kind: "integer", summary: "longer edge of a picture", value: "N", default: 960 },
  },
  accepts: ["out"],
  examples: ["earthcraft view runs/quickstart", "earthcraft view runs/quickstart/sample --only ply --out exports"],
  async run({ args, flags, common, io, ui, result }) {
    const [{ EXPORTS, exportScene }, { readScene }, { findScenes, sceneName }] = await Promise.all([
      import("./export"),
      import("./scene-file"),
      import("./find"),
    ]);
    const from = join(args.path.startsWith("/") ? "/" : io.cwd, args.path);
    if (!existsSync(from)) throw new UserError({ what: "no such file or folder", where: args.path, exit: EXIT.usage });
    const kinds = EXPORTS.filter((kind) => flags.only.length === 0 || flags.only.includes(kind));
    const wrong = flags.only.find((kind) => !EXPORTS.includes(kind as (typeof EXPORTS)[number]));
    if (wrong !== undefined) throw new UserError({ what: `--only ${wrong}: it is one of ${EXPORTS.join(", ")}`, exit: EXIT.usage });
    const scenes = findScenes(from);
    if (scenes.length === 0)
      throw new UserError({
        what: "there is no scene.safetensors in this folder",
        where: args.path,
        fix: "earthcraft sample or earthcraft extend writes scenes",
        exit: EXIT.badInput,
      });

    const written: { scene: string; dir: string; files: string[] }[] = [];
    for (const path of scenes) {
      const name = sceneName("", relative(from, dirname(path)));
      const dir = common.out ? join(common.out, scenes.length > 1 ? name : "") : join(dirname(path), "view");
      const files = await exportScene(readScene(path), dir, { kinds, pixels: flags.pixels });
      written.push({ scene: path, dir, files: files.map(({ file }) => file) });
      ui.info(`${relative(io.cwd, dir) || "."}: ${files.map(({ file }) => file).join(" ")}`);
    }
    result({ scenes: written }, written.flatMap(({ dir, files }) => files.map((file) => join(dir, file))).join("\n"));
  },
});
