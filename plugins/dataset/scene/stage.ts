/** Stage `scene`: the simulated scene of every site, as `mesh.safetensors` and `scene.json`. */
import { join } from "node:path";
import { z } from "zod";
import { defineStage, UserError } from "../../../cli/plugin";
import { sitesFileSchema } from "../place/stage";
import type { SceneSource } from "./scene";

export const scene = defineStage({
  name: "scene",
  version: 2,
  title: "Simulated scene",
  options: z.strictObject({
    /** Edge of the mesh round the site's centre, metres. */
    extent_m: z.number().min(500).max(2000).default(600),
    /** Edge of a terrain cell, metres; land cover is drawn at half of it. */
    cell_m: z.number().min(0.25).max(20).default(2),
    /** Rules from map tags to classes; empty = the ones that come with earthcraft. */
    landcover: z.string().meta({ earthcraft: "file" }).default(""),
  }),
  needs: ["sites"],
  foreach: "site",
  itemsOf: "sites",
  native: false,
  minutes: 0.07,
  run: async (task) => {
    const { buildScene } = await import("./scene");
    const { writeScene } = await import("./write");
    const { lookDown, writeTopDown } = await import("./picture");
    const { sites } = sitesFileSchema.parse(await Bun.file(join(task.inputs.sites!.dir, "sites.json")).json());
    const site = sites.find((s) => s.name === task.item);
    if (!site) throw new UserError({ what: `sites.json has no site "${task.item}"`, where: task.inputs.sites!.dir });
    task.progress(0, 3, "reading");
    const source = await open(task.place, task.options, (text) => task.warn(text));
    task.progress(1, 3, "building");
    const built = buildScene(source, site, task.options);
    const { info, mesh } = built;
    if (info.voids.filled > 0)
      task.warn(
        `${info.voids.filled} heights were missing and filled in${info.voids.open > 0 ? `; ${info.voids.open} of them lie too far from any other: holes in the mesh` : ""}`,
      );
    if (source.surface.length > 0 && source.map.footprints === undefined && info.buildings.length === 0)
      task.warn("the place has a surface model but no building here: whatever rises above the terrain is taken for trees");
    task.progress(2, 3, "writing");
    writeScene(built, task.out);
    const view = lookDown(mesh, info.extent_m / 2, 600);
    const figures = await writeTopDown(view, task.out);
    const guessed = info.buildings.filter((b) => b.height_from === "default").length;
    task.section({
      title: `Scene ${site.name}`,
      sentence: `${info.buildings.length} buildings${guessed > 0 ? ` (${guessed} with a height guessed from their use)` : ""}, ${info.roads.length} roads and ${info.trees} single trees on ${Math.round(info.highest_m - info.lowest_m)} m of relief; ${(100 * info.default_share).toFixed(0)} % of the ground is named by no map feature.`,
      figures: figures.map((file, i) => ({ file, caption: `${site.name} from above: ${["colour", "class", "height"][i]}` })),
    });
    const metrics = {
      faces: mesh.faceClass.length,
      vertices: mesh.vertices.length / 3,
      buildings: info.buildings.length,
      default_share: info.default_share,
    };
    return { metrics };
  },
});

interface Opening {
  landcover: string;
  cell_m: number;
}

let opened: { key: string; source: Promise<SceneSource> } | undefined;

/** The place's files, read once for all sites that this process builds. */
function open(placeFile: string, options: Opening, warn: (text: string) => void): Promise<SceneSource> {
  const key = `${placeFile}\n${options.landcover}\n${options.cell_m}`;
  if (opened?.key !== key) opened = { key, source: read(placeFile, options, warn) };
  return opened.source;
}

async function read(placeFile: string, { landcover, cell_m }: Opening, warn: (text: string) => void): Promise<SceneSource> {
  const { readPlace } = await import("../place/place-file");
  const { openLayers } = await import("../place/elevation");
  const { placeBounds } = await import("../place/sites");
  const { readPlaceMap } = await import("../place/map");
  const { readLandCover } = await import("./landcover");
  const place = readPlace(placeFile);
  const bounds = placeBounds(place);
  const source: SceneSource = {
    place,
    map: await readPlaceMap(place),
    elevation: await openLayers(place.elevation, bounds, warn),
    surface: place.surface ? await openLayers([place.surface], bounds, warn) : [],
    rules: readLandCover(landcover === "" ? undefined : landcover),
  };
  if (place.imagery === undefined) return source;
  const { readOrthophoto } = await import("../readers/orthophoto");
  const imagery = await readOrthophoto(place.imagery, bounds, cell_m / 2);
  if (imagery === undefined) warn(`${place.imagery} does not reach the place`);
  return { ...source, ...(imagery ? { imagery } : {}) };
}
