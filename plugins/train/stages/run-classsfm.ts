/** Trains ClassSFM, then asks whether the map it is given matters to what it draws. */
import { join } from "node:path";
import type { StageResult, StageTask } from "../../../cli/plugin";
import { normal, scope, Tensor } from "../../../ffi";
import { sheet } from "../../dataset/api";
import {
  Classsfm,
  cellKeys,
  coarsened,
  emptyCondition,
  gridCells,
  gridOfCells,
  iou,
  mean,
  occupiedCells,
  repeatScene,
  type StructConditionVoxels,
  sampleGrid,
  saveModel,
  toTensor,
} from "../../models/api";
import { type Crop, CropSource, validationCrops } from "../crops";
import { drawFlow, drawSettled } from "../flow-draws";
import { flowLossOf } from "../losses/flow";
import { StepDraws } from "../random";
import { curvesOf, percent, runKey } from "../report";
import { SampleStore } from "../samples";
import { drawStructCondition, structConditionOf } from "../struct-conditions";
import { heightRange, relief } from "../top-view";
import { train } from "../trainer";
import type { ClasssfmOptions } from "./train-classsfm";

/** Cells of the full grid along a coarse cell's edge. */
const REDUCTION = 8;
/** Steps between a crop and the one whose condition it is told in the control. */
const FAR = 2 ** 30;
/** Training crops to look for the nearest among. */
const LIBRARY = 256;

export async function run(task: StageTask<ClasssfmOptions>): Promise<StageResult> {
  const { options, seed } = task;
  const { training, window } = options;
  const edge = window / REDUCTION;
  const store = await SampleStore.open(task.inputs.split!.dir, "train", training.samples);
  const crops = new CropSource(store, seed, { window, columns: window, maxVoxels: Number.POSITIVE_INFINITY }, training);
  const rules = { window, mix: options.conditions, normalDrop: options.normalDrop };
  const cells = gridCells(edge);
  const model = new Classsfm(options.model).materialize({ seed, device: task.device });

  const { log, secondsPerStep } = await train({
    ...{ task, model, options: training, checkpointEvery: options.checkpointEvery, logEvery: options.logEvery },
    key: runKey(options, store, seed),
    prepare: (step) => crops.prepare(step, training.batch, options.shuffled ? [0, FAR * training.batch] : [0]),
    loss: (step, place) => {
      const count = step * training.batch + place;
      const crop = crops.draw(count);
      const told = options.shuffled ? crops.draw(count + FAR * training.batch) : crop;
      const condition = drawStructCondition(told, store, rules, new StepDraws(seed, "condition", count));
      const cond = repeatScene(model.condNet.forward(toTensor(condition)), options.flow.draws);
      const x0 = Tensor.from(gridOfCells(coarseCells(crop.coords), edge), [edge ** 3, 1]);
      const { t, xt, target } = drawFlow(x0, options.flow, seed, count);
      const columns = { square: { x: 0, y: 0, size: window }, factor: REDUCTION };
      const settled = drawSettled(x0, cells, columns, options.flow, options.model.inpainting, seed, count);
      return { ...flowLossOf(model.forward(xt, t, edge, cond, settled), target, settled?.mask), ids: [crop.sample.id] };
    },
  });

  if (task.world.rank > 0) return {};

  saveModel(task.out, "classsfm", model, { trained: { steps: training.steps, seed }, extent: window, statistics: {} });
  const metrics = await validate(task, model);
  task.section({
    title: "ClassSFM",
    sentence:
      `Drawn from their own map, unseen crops share ${percent(metrics.iou_own_map!)} of coarse cells with the truth, from another site's map ${percent(metrics.iou_other_map!)}; ` +
      `the nearest training crop shares ${percent(metrics.iou_nearest_training!)}.`,
    figures: [
      {
        file: "sampled.png",
        caption: "Coarse cells of unseen crops from above: truth, drawn from its own map, drawn from another's, drawn from nothing.",
      },
    ],
    curves: curvesOf(log, { loss: "Flow loss" }),
    metrics: { ...metrics, seconds_per_step: secondsPerStep },
  });
  return { metrics };
}

async function validate(task: StageTask<ClasssfmOptions>, model: Classsfm): Promise<Record<string, number>> {
  const { options, seed, out } = task;
  const { window, flow } = options;
  const edge = window / REDUCTION;
  const { dir } = task.inputs.split!;
  const [store, training] = await Promise.all([SampleStore.open(dir, "validation"), SampleStore.open(dir, "train")]);
  const crops = await validationCrops(store, options.validationCrops, window);
  const draw = (condition: StructConditionVoxels, index: number): Int32Array => {
    const grid = scope(() => {
      const noise = normal([edge ** 3, 1], { seed, purpose: "test", index });
      const options = { steps: flow.steps, shift: flow.shift, cfg: { w: flow.guidance, convention: "one-plus-w" } } as const;
      return sampleGrid(model, { cond: toTensor(condition), empty: toTensor(emptyCondition(window)) }, noise, edge, options).toArray();
    });
    return occupiedCells(grid, edge);
  };
  const own = crops.map((crop, i) => draw(structConditionOf("semantic", crop, store, window), i));
  const other = crops.map((crop, i) => draw(structConditionOf("semantic", another(crops, crop), store, window), i));
  const none = crops.map((_, i) => draw(emptyCondition(window), i));
  const truth = crops.map((crop) => coarsened(crop.coords, 3, REDUCTION));
  const library = (await validationCrops(training, LIBRARY, window)).map(({ coords }) => coarsened(coords, 3, REDUCTION));
  const cells = [crops.map((crop) => coarseCells(crop.coords)), own, other, none];
  // One colour ramp a crop, so that heights can be compared down the column.
  const shown = cells.map((row) => row.slice(0, 4).map((set, i) => relief(set, edge, heightRange(...cells.map((other) => other[i]!)))));
  await sheet(join(out, "sampled.png"), shown, Math.max(1, Math.round(192 / edge)));
  return {
    iou_own_map: mean(own.map((cells, i) => iou(cellKeys(cells, 3), truth[i]!))),
    iou_other_map: mean(other.map((cells, i) => iou(cellKeys(cells, 3), truth[i]!))),
    iou_nearest_training: mean(truth.map((cells) => Math.max(...library.map((known) => iou(known, cells))))),
    iou_random_training: mean(truth.map((cells) => mean(library.map((known) => iou(known, cells))))),
    iou_two_seeds: mean(none.slice(1).map((cells, i) => iou(cellKeys(cells, 3), cellKeys(none[i]!, 3)))),
    cells_drawn: mean(own.map((cells) => cells.length / 3)),
    cells_true: mean(truth.map((cells) => cells.length)),
  };
}

/** A crop of another site, or else just another crop. */
function another(crops: readonly Crop[], crop: Crop): Crop {
  return crops.find(({ sample }) => sample.record.site !== crop.sample.record.site) ?? crops.find((other) => other !== crop) ?? crop;
}

/** Cells at L/8 that hold a voxel, [M, 3], sorted. */
export function coarseCells(coords: Int32Array): Int32Array {
  const cells = new Map<string, [number, number, number]>();
  for (let i = 0; i < coords.length; i += 3) {
    const cell: [number, number, number] = [coords[i]! >> 3, coords[i + 1]! >> 3, coords[i + 2]! >> 3];
    cells.set(cell.join(), cell);
  }
  return Int32Array.from([...cells.values()].sort(([ax, ay, az], [bx, by, bz]) => ax - bx || ay - by || az - bz).flat());
}
