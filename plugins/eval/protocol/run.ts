/** The work of stage `evaluate`. */
import { join } from "node:path";
import type { StageResult, StageTask } from "../../../cli/plugin";
import { type Dataset, openDataset } from "../../dataset/api";
import { cellKeys, coarsened, iou } from "../../models/api";
import { type CropWindow, conditionOf, cropWindow, loadModels, sceneCondition, windowMap, windowVoxels } from "../../sample/api";
import { beside, enlarge, type Picture, semanticPicture, topPicture, writePng } from "../../view/api";
import { type ChainResult, type ChainScore, runChain } from "./chain";
import { classHeights, liftOverRoads } from "./lift";
import { NamedMetrics, scoredCrop } from "./named-metrics";
import type { EvaluateOptions } from "./stage";

/** The conditions that every crop is drawn under; `other map` is the map of a held-out crop of another site. */
const CONDITIONS = ["own map", "other map", "own view", "nothing"] as const;
type Condition = (typeof CONDITIONS)[number];

export async function run(task: StageTask<EvaluateOptions>): Promise<StageResult> {
  const { options } = task;
  const { models, sight } = loadModels(task);
  const { extent } = sight;
  const dataset = await openDataset(task.inputs.split!.dir);
  const windows = await Promise.all(evenly(dataset.ids("validation"), options.crops).map((id) => cropWindow(dataset, id, extent)));
  const scores: Record<Condition, ChainScore[]> = { "own map": [], "other map": [], "own view": [], nothing: [] };
  const pictures: Picture[][] = [];
  const fromNothing: Float64Array[] = [];
  const named = await NamedMetrics.load(task, options.metrics);
  const total = windows.length * options.seeds * CONDITIONS.length;
  let done = 0;
  for (const [i, window] of windows.entries()) {
    const drawn: Partial<Record<Condition, ChainResult>> = {};
    for (let draw = 0; draw < options.seeds; draw++) {
      const seed = task.seed + 1000 * i + draw;
      for (const name of CONDITIONS) {
        task.stopIfCancelled();
        const input = inputOf(name, dataset, window, windows);
        if (input) {
          const request = { condition: sceneCondition(input, sight, seed), seed, structure: options.structure, texture: options.texture };
          const result = runChain(models, request, window, windowMap(window));
          scores[name].push(result.score);
          await named.measure(scoredCrop(window, name, result));
          drawn[name] ??= result;
        }
        task.progress(++done, total, `${window.sample.record.id}, ${name}`);
      }
    }
    pictures.push(rowOf(window, drawn));
    if (drawn.nothing) fromNothing.push(cellKeys(drawn.nothing.coords, 3));
  }
  const figure = "held-out.png";
  await writePng(join(task.out, figure), stack(pictures.slice(0, 4).map((row) => beside(row, 4))));

  const library = await trainingWindows(dataset, extent);
  const nearest = windows.map((window) => nearestTraining(window, library));
  const twoSeeds = fromNothing.slice(1).map((keys, i) => iou(keys, fromNothing[i]!));
  const metrics = { ...summarise(scores, windows, nearest, twoSeeds), ...named.means() };
  task.section({
    title: "Held-out sites, all five models in a row",
    sentence:
      `Drawn from its own map a held-out crop shares ${percent(metrics.iou3_refined_own_map)} of its coarse and ${percent(metrics.iou0_own_map)} of its fine voxels with the truth, from another site's map ` +
      `${percent(metrics.iou3_refined_other_map)} and ${percent(metrics.iou0_other_map)}; copying the training crop with the most similar map would share ${percent(metrics.iou3_nearest_map)} and ${percent(metrics.iou0_nearest_map)}.`,
    figures: [
      {
        file: figure,
        caption: "A held-out crop a row, from above: its map, its truth, then drawn from its own map, from another's, from a view, from nothing.",
      },
    ],
    tables: [
      {
        title: "Mean over crops and seeds",
        columns: ["drawn from", "mIoU³ coarse", "mIoU³ refined", "mIoU⁰", "buildings over roads (m)", "voxels"],
        rows: CONDITIONS.filter((name) => scores[name].length > 0).map((name) => [
          name,
          ...(["iou3_coarse", "iou3_refined", "iou0"] as const).map((key) => mean(scores[name].map((score) => score[key])).toFixed(3)),
          meanOf(scores[name].map((score) => score.building_lift_m)).toFixed(1),
          Math.round(mean(scores[name].map((score) => score.voxels))),
        ]),
      },
      ...named.tables(),
    ],
    metrics,
  });
  return { metrics };
}

function inputOf(name: Condition, dataset: Dataset, window: CropWindow, all: readonly CropWindow[]) {
  if (name === "own map") return conditionOf(dataset, window, "semantic");
  if (name === "nothing") return conditionOf(dataset, window, "none");
  if (name === "own view") return window.sample.record.views.length > 0 ? conditionOf(dataset, window, "image") : null;
  const other = all.find(({ sample }) => sample.record.site !== window.sample.record.site) ?? all.find((candidate) => candidate !== window);
  return other ? conditionOf(dataset, other, "semantic") : null;
}

/** Map, truth, and what was drawn under each condition, from above. */
function rowOf(window: CropWindow, drawn: Partial<Record<Condition, ChainResult>>): Picture[] {
  const { extent, lattice } = window;
  const pixels = Math.max(192, extent);
  const placed = { voxel_m: lattice.voxel_m, corner_m: lattice.origin_m };
  const { coords, rows } = windowVoxels(window);
  const truth = window.sample.rgb.data as Uint8Array;
  const rgb = new Uint8Array(3 * rows.length);
  for (const [i, row] of rows.entries()) rgb.set(truth.subarray(3 * row, 3 * row + 3), 3 * i);
  // Every picture frames the whole window, whatever is empty in it.
  const from = (cells: Int32Array, colours: Uint8Array) => framed(topPicture({ coords: cells, rgb: colours, ...placed }, pixels), pixels);
  return [
    framed(enlarge(semanticPicture(windowMap(window), extent, extent), Math.floor(pixels / extent)), pixels),
    from(coords, rgb),
    ...CONDITIONS.flatMap((name) => (drawn[name] && drawn[name].coords.length > 0 ? [from(drawn[name].coords, drawn[name].rgb)] : [])),
  ];
}

/** A picture on a square of `pixels`, cut or padded at the right and below. */
function framed({ width, height, rgb }: Picture, pixels: number): Picture {
  const out = new Uint8Array(3 * pixels * pixels).fill(250);
  for (let row = 0; row < Math.min(height, pixels); row++)
    out.set(rgb.subarray(3 * row * width, 3 * (row * width + Math.min(width, pixels))), 3 * row * pixels);
  return { width: pixels, height: pixels, rgb: out };
}

function stack(rows: readonly Picture[]): Picture {
  const width = Math.max(...rows.map((row) => row.width));
  const height = rows.reduce((sum, row) => sum + row.height + 4, 0);
  const rgb = new Uint8Array(3 * width * height).fill(255);
  let top = 0;
  for (const row of rows) {
    for (let y = 0; y < row.height; y++) rgb.set(row.rgb.subarray(3 * y * row.width, 3 * (y + 1) * row.width), 3 * (top + y) * width);
    top += row.height + 4;
  }
  return { width, height, rgb };
}

interface Known {
  map: Uint8Array;
  fine: Float64Array;
  coarse: Float64Array;
}

async function trainingWindows(dataset: Dataset, extent: number): Promise<Known[]> {
  const known: Known[] = [];
  for (const id of dataset.ids("train")) {
    const window = await cropWindow(dataset, id, extent);
    const { coords } = windowVoxels(window);
    known.push({ map: windowMap(window), fine: cellKeys(coords, 3), coarse: coarsened(coords, 3, 8) });
  }
  return known;
}

/** The training crop whose map agrees in most cells: what copying would score. */
function nearestTraining(window: CropWindow, library: readonly Known[]): { iou3: number; iou0: number } {
  const map = windowMap(window);
  const agreement = ({ map: other }: Known) => map.reduce((sum, id, i) => sum + (id === other[i] ? 1 : 0), 0);
  const best = library.reduce((a, b) => (agreement(b) > agreement(a) ? b : a));
  const { coords } = windowVoxels(window);
  return { iou3: iou(best.coarse, coarsened(coords, 3, 8)), iou0: iou(best.fine, cellKeys(coords, 3)) };
}

function summarise(
  scores: Record<Condition, ChainScore[]>,
  windows: readonly CropWindow[],
  nearest: readonly { iou3: number; iou0: number }[],
  twoSeeds: readonly number[],
) {
  const of = (name: Condition, key: keyof ChainScore) => meanOf(scores[name].map((score) => score[key]));
  const trueLift = windows.map((window) =>
    liftOverRoads(classHeights(windowVoxels(window).coords, window.extent), windowMap(window), window.extent, window.lattice.voxel_m),
  );
  return {
    iou3_coarse_own_map: of("own map", "iou3_coarse"),
    iou3_coarse_other_map: of("other map", "iou3_coarse"),
    iou3_refined_own_map: of("own map", "iou3_refined"),
    iou3_refined_other_map: of("other map", "iou3_refined"),
    iou3_refined_own_view: of("own view", "iou3_refined"),
    iou0_own_map: of("own map", "iou0"),
    iou0_other_map: of("other map", "iou0"),
    iou0_own_view: of("own view", "iou0"),
    iou3_nearest_map: mean(nearest.map(({ iou3 }) => iou3)),
    iou0_nearest_map: mean(nearest.map(({ iou0 }) => iou0)),
    iou0_two_seeds_of_nothing: mean(twoSeeds),
    building_lift_m: of("own map", "building_lift_m"),
    building_lift_truth_m: meanOf(trueLift),
  };
}

/** `count` names at even distances; all when `count` is 0. */
function evenly(ids: readonly string[], count: number): string[] {
  if (count === 0 || ids.length <= count) return [...ids];
  return Array.from({ length: count }, (_, i) => ids[Math.floor(((i + 0.5) * ids.length) / count)]!);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Mean of the values that are numbers. */
function meanOf(values: readonly number[]): number {
  return mean(values.filter((value) => !Number.isNaN(value)));
}

function percent(value: number): string {
  return Number.isNaN(value) ? "nothing" : `${(100 * value).toFixed(0)} %`;
}
