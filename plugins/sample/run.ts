/** The work of stage `sample`. */
import { join } from "node:path";
import sharp from "sharp";
import { EXIT, type StageResult, type StageTask, UserError } from "../../cli/plugin";
import { scope, Tensor } from "../../ffi";
import { openSafetensors } from "../../ffi/safetensors";
import { type Dataset, openDataset } from "../dataset/api";
import { cellKeys, iou } from "../models/api";
import { beside, enlarge, heightPicture, semanticPicture, writePng } from "../view/api";
import { type ConditionInput, sceneCondition } from "./conditions";
import { type CropWindow, conditionOf, cropWindow, windowMap, windowVoxels } from "./crop-input";
import { toCoords } from "./known";
import { loadModels } from "./load";
import { classesFromMap, flatten, type Placement, writeFlatScene, writePictures, writeProducts } from "./outputs";
import { sampleScene } from "./pipeline";
import { withTau } from "./refinement/limit";
import type { SampleOptions } from "./stage";

export async function run(task: StageTask<SampleOptions>): Promise<StageResult> {
  const { options, out } = task;
  const { models, sight, trainedTau } = loadModels(task);
  const { extent } = sight;
  const structure = withTau(options.structure, task, trainedTau);
  const dataset = await openDataset(task.inputs.split!.dir);
  const window = await chooseWindow(dataset, options, extent);
  const condition: ConditionInput = options.map
    ? { kind: "semantic", map: await readMap(options.map, extent) }
    : conditionOf(dataset, window, options.condition);
  const placement: Placement = {
    corner_m: window.lattice.origin_m,
    voxel_m: window.lattice.voxel_m,
    // A scene drawn from nothing, or from a map of the user's, has no place on Earth.
    ...(condition.kind !== "none" && !options.map && window.sample.record.georeference && { georeference: window.sample.record.georeference }),
  };
  const given = options.voxels ? { voxels: readVoxels(options.voxels, extent) } : undefined;

  const figures: { file: string; caption: string }[] = [];
  const rows: (string | number)[][] = [];
  const truth = cellKeys(windowVoxels(window).coords, 3);
  for (let i = 0; i < options.count; i++) {
    task.stopIfCancelled();
    const name = options.count === 1 ? "." : `seed-${i}`;
    const dir = join(out, name);
    const started = performance.now();
    const seed = task.seed + i;
    const flat = scope(() => {
      const scene = sampleScene(models, {
        condition: sceneCondition(condition, sight, seed),
        ...{ seed, structure, texture: options.texture },
        ...(given && { given: { voxels: Tensor.from(given.voxels.toArray(), given.voxels.shape) } }),
        onStep: (done, total, what) => {
          task.stopIfCancelled();
          task.progress(i * total + done, options.count * total, what);
        },
      });
      writeProducts(dir, scene);
      return flatten(scene.texture.coords, scene.splats);
    });
    const seconds = (performance.now() - started) / 1000;
    const semantic = condition.kind === "semantic" ? classesFromMap(flat.coords, condition.map, extent) : undefined;
    writeFlatScene(join(dir, "scene.safetensors"), flat, placement, semantic);
    for (const file of await writePictures(dir, "render", flat, [extent, extent], placement, semantic))
      figures.push({
        file: join(name, file),
        caption: file === "render.png" ? `Seed ${seed}: the splats’ colour, depth, normals and, from a map, classes.` : `Seed ${seed}: its voxels.`,
      });
    rows.push([seed, flat.coords.length / 3, flat.splats.count, share(iou(cellKeys(flat.coords, 3), truth)), seconds.toFixed(1)]);
  }
  if (condition.kind === "semantic") {
    await writePng(join(out, "condition.png"), enlarge(semanticPicture(condition.map, extent, extent), Math.max(1, Math.round(256 / extent))));
    figures.unshift({ file: "condition.png", caption: "The map that the scene was drawn from, north up." });
  } else if (condition.kind === "image") {
    const { view } = condition;
    await writePng(join(out, "condition.png"), { width: view.width, height: view.height, rgb: view.rgb });
    figures.unshift({ file: "condition.png", caption: "The view, with its depth, that the scene was drawn from." });
  }
  await writePng(join(out, "truth.png"), truthPicture(window));
  if (condition.kind !== "none") figures.push({ file: "truth.png", caption: "What stands there in truth: classes and heights, north up." });

  const voxels = rows.reduce((sum, row) => sum + Number(row[1]), 0) / rows.length;
  const empty = rows.filter((row) => row[1] === 0).length;
  task.section({
    title: `Sampled from ${{ semantic: "a semantic map", image: "one RGBD view", none: "nothing" }[condition.kind]}`,
    sentence:
      empty > 0
        ? `${empty} of ${rows.length} scenes came out empty: the flows have not learnt where cells are.`
        : `${rows.length === 1 ? "The scene has" : "Scenes have"} ${Math.round(voxels)} voxels, where the truth of this window has ${truth.length}.`,
    figures,
    tables: [{ title: "Scenes", columns: ["seed", "voxels", "splats", "IoU with the truth", "seconds"], rows }],
  });
  return { metrics: { scenes: options.count, voxels, true_voxels: truth.length } };
}

function share(value: number): string {
  return value.toFixed(3);
}

/** The crop asked for, or the first held-out one that offers the condition. */
async function chooseWindow(dataset: Dataset, options: SampleOptions, extent: number): Promise<CropWindow> {
  if (options.crop !== undefined) return cropWindow(dataset, options.crop, extent);
  const ids = dataset.ids("validation");
  for (const id of ids) {
    const window = await cropWindow(dataset, id, extent);
    if (options.condition !== "image" || window.sample.record.views.length > 0) return window;
  }
  throw new UserError({
    what: `none of the ${ids.length} held-out crops offers the condition "${options.condition}"`,
    fix: "name a crop with the option `crop`",
    exit: EXIT.badInput,
  });
}

async function readMap(path: string, extent: number): Promise<Uint8Array> {
  const { data, info } = await sharp(path).toColourspace("b-w").raw().toBuffer({ resolveWithObject: true });
  if (info.width !== extent || info.height !== extent || info.channels !== 1)
    throw new UserError({
      what: `the map is ${info.width} × ${info.height} with ${info.channels} channels; one channel of ${extent} × ${extent} ids is wanted`,
      where: path,
      exit: EXIT.badInput,
    });
  return new Uint8Array(data);
}

function readVoxels(path: string, extent: number): Tensor {
  const file = openSafetensors(path);
  if (!file.entries.has("coords"))
    throw new UserError({ what: "no tensor `coords`", where: path, fix: "give a sample or a scene file", exit: EXIT.badInput });
  const cells = Int32Array.from(file.array("coords") as Int16Array | Int32Array);
  const outside = cells.findIndex((value) => value < 0 || value >= extent);
  if (outside >= 0)
    throw new UserError({
      what: `voxel ${Math.floor(outside / 3)} lies at ${cells[outside]}, outside the window of ${extent} cells`,
      where: path,
      exit: EXIT.badInput,
    });
  return toCoords(cells);
}

function truthPicture(window: CropWindow) {
  const { extent, lattice } = window;
  const { coords } = windowVoxels(window);
  const heights = new Float32Array(extent ** 2).fill(Number.NaN);
  for (let i = 0; i < coords.length; i += 3) {
    const pixel = (extent - 1 - coords[i + 1]!) * extent + coords[i]!;
    const height = (coords[i + 2]! + 1) * lattice.voxel_m;
    if (!(heights[pixel]! >= height)) heights[pixel] = height;
  }
  const times = Math.max(1, Math.round(256 / extent));
  return beside([
    enlarge(semanticPicture(windowMap(window), extent, extent), times),
    enlarge(heightPicture(heights, extent, extent, lattice.voxel_m), times),
  ]);
}
