/** The work of stage `extend`: grows the scene, writes it, and measures its seams. */
import { join } from "node:path";
import { EXIT, type StageResult, type StageTask, UserError } from "../../cli/plugin";
import { Tensor } from "../../ffi";
import { openDataset } from "../dataset/api";
import { seamSteps, surfaceOf } from "../models/api";
import { type FlatScene, flatten, loadModels, type Placement, sceneCondition, toCoords, withTau, writeFlatScene, writePictures } from "../sample/api";
import { enlarge, type Picture, semanticPicture, topPicture, writePng } from "../view/api";
import { growScene, type Part } from "./grow";
import { mapOverWindow, siteMap } from "./site-map";
import type { ExtendOptions } from "./stage";
import { planWindows, type WindowPlan } from "./windows";

/** Two latent levels above L/8 must stay aligned. */
const ALIGN = 16;

export async function run(task: StageTask<ExtendOptions>): Promise<StageResult> {
  const { options, out, seed } = task;
  const { models, sight, trainedTau } = loadModels(task);
  const { extent } = sight;
  const plan = planWindows({ ...options, edge: extent, align: ALIGN, seed });
  const dataset = await openDataset(task.inputs.split!.dir);
  const site = options.site ?? dataset.index.sites.find(({ held_out }) => held_out)?.id ?? dataset.index.sites[0]!.id;
  const map = await siteMap(dataset, site);
  if (options.condition === "semantic" && plan.extent.some((cells, axis) => cells > map.size[axis]!))
    throw new UserError({
      what: `${options.columns} × ${options.rows} windows span ${plan.extent.join(" × ")} cells, the map of site ${site} ${map.size.join(" × ")}`,
      fix: "ask for fewer windows or more overlap",
      exit: EXIT.usage,
    });

  const parts: Part[] = [];
  const request = {
    ...{ plan, seed, tries: options.tries, structure: withTau(options.structure, task, trainedTau), texture: options.texture },
    conditionOf: (window: { origin: readonly [number, number]; seed: number }) =>
      sceneCondition(
        options.condition === "none" ? { kind: "none" } : { kind: "semantic", map: mapOverWindow(map, window.origin, extent) },
        sight,
        window.seed,
      ),
    onStep: (done: number, total: number, what: string) => {
      task.stopIfCancelled();
      task.progress(done, total, what);
    },
  };
  for (const part of growScene(models, request)) parts.push(part);

  const flat = joinParts(parts, models.texvae.config.splats);
  const placement: Placement = {
    ...{ corner_m: map.corner_m, voxel_m: map.voxel_m },
    ...(options.condition === "semantic" && map.georeference && { georeference: map.georeference }),
  };
  writeFlatScene(join(out, "scene.safetensors"), flat, placement);
  const figures = (await writePictures(out, "extended", flat, plan.extent, placement)).map((file) => ({
    file,
    caption: file === "extended.png" ? "The splats' colour, depth and normals." : "The voxels.",
  }));
  const times = Math.max(1, Math.round(384 / plan.extent[0]));
  if (options.condition === "semantic") {
    const seen = croppedMap(map.ids, map.size, plan.extent);
    await writePng(join(out, "map.png"), enlarge(semanticPicture(seen, ...plan.extent), times));
    figures.unshift({ file: "map.png", caption: "The map it follows, north up." });
  }
  await writePng(
    join(out, "top.png"),
    withBorders(topPicture({ coords: flat.coords, rgb: flat.rgb, ...placement }, plan.extent[0] * times), plan, times),
  );
  figures.push({ file: "top.png", caption: "From above; ticks at the edge mark the borders between windows." });

  const seams = measureSeams(flat, plan);
  // Where no voxels stand beside each other there is no mean step: one window has no borders.
  const measured = Object.fromEntries(Object.entries(seams).filter(([, step]) => !Number.isNaN(step)));
  task.section({
    title: `Extended to ${options.columns} × ${options.rows} windows`,
    sentence:
      `${plan.extent.map((cells) => Math.round(cells * map.voxel_m)).join(" × ")} m in one piece of ${flat.coords.length / 3} voxels; ` +
      (Number.isNaN(seams.height_across)
        ? "it has no border between windows with voxels on both sides."
        : `across the borders of windows height steps by ${seams.height_across.toFixed(2)} cells and colour by ${seams.colour_across.toFixed(3)}, ` +
          `inside windows by ${seams.height_inside.toFixed(2)} and ${seams.colour_inside.toFixed(3)} (height between coarse cells, as all borders are: ${seams.height_between_cells.toFixed(2)}).`),
    figures,
    metrics: measured,
  });
  return { metrics: { voxels: flat.coords.length / 3, windows: parts.length, ...measured } };
}

function joinParts(parts: readonly Part[], splats: number): FlatScene {
  const join32 = <A extends Int32Array | Float32Array>(empty: A, arrays: readonly A[]): A => {
    const joined = new (empty.constructor as new (length: number) => A)(arrays.reduce((sum, array) => sum + array.length, 0));
    let at = 0;
    for (const array of arrays) {
      joined.set(array, at);
      at += array.length;
    }
    return joined;
  };
  const voxels = join32(
    new Int32Array(),
    parts.map((part) => part.voxels),
  );
  const raw = join32(
    new Float32Array(),
    parts.map((part) => part.splats),
  );
  const n = voxels.length / 3;
  return flatten(toCoords(voxels), Tensor.from(raw, [n, n === 0 ? splats * 23 : raw.length / n]));
}

/** Borders lie where a window's own columns begin. */
function bordersOf(plan: WindowPlan, axis: 0 | 1): number[] {
  const inside = new Set(plan.windows.map((window) => window.origin[axis] + plan.edge));
  inside.delete(plan.extent[axis]);
  return [...inside];
}

function measureSeams(scene: FlatScene, plan: WindowPlan) {
  const surface = surfaceOf(
    scene.coords,
    Float32Array.from(scene.rgb, (value) => value / 255),
    ...plan.extent,
  );
  const { across, inside, between } = seamSteps(surface, bordersOf(plan, 0), bordersOf(plan, 1));
  return {
    height_across: across.height,
    height_between_cells: between.height,
    height_inside: inside.height,
    colour_across: across.colour,
    colour_inside: inside.colour,
  };
}

/** The south-western part of a north-up map. */
function croppedMap(ids: Uint8Array, size: readonly [number, number], extent: readonly [number, number]): Uint8Array {
  const part = new Uint8Array(extent[0] * extent[1]);
  for (let row = 0; row < extent[1]; row++) {
    const from = (size[1] - extent[1] + row) * size[0];
    part.set(ids.subarray(from, from + extent[0]), row * extent[0]);
  }
  return part;
}

/** Ticks at the picture's edge where windows meet. */
function withBorders(picture: Picture, plan: WindowPlan, times: number): Picture {
  const rgb = picture.rgb.slice();
  const paint = (x: number, y: number) => {
    if (x >= 0 && y >= 0 && x < picture.width && y < picture.height) rgb.set([230, 30, 60], 3 * (y * picture.width + x));
  };
  for (let i = 0; i < 10; i++) {
    for (const x of bordersOf(plan, 0)) for (const y of [i, picture.height - 1 - i]) paint(x * times, y);
    for (const y of bordersOf(plan, 1)) for (const x of [i, picture.width - 1 - i]) paint(x, picture.height - y * times);
  }
  return { ...picture, rgb };
}
