/** Trains LatentSFM, then refines roughened true cells of unseen crops with it and decodes what it drew. */
import { join } from "node:path";
import type { StageResult, StageTask } from "../../../cli/plugin";
import { noGrad, normal, scope, Tensor } from "../../../ffi";
import { SparseTensor } from "../../../ffi/sparse";
import { sheet } from "../../dataset/api";
import {
  cellKeys,
  emptyCondition,
  iou,
  Latentsfm,
  loadModel,
  mean,
  realCells,
  repeatScene,
  roughen,
  rowsBefore,
  type Structvae,
  sampleLatents,
  saveModel,
  toTensor,
} from "../../models/api";
import { bareVoxels, coordsTensor, validationCrops, xyzOf } from "../crops";
import { drawFlow, drawSettled } from "../flow-draws";
import { LatentSource } from "../latent-source";
import { flowLossOf } from "../losses/flow";
import { StepDraws } from "../random";
import { curvesOf, percent, runKey } from "../report";
import { SampleStore } from "../samples";
import { drawStructCondition, structConditionOf } from "../struct-conditions";
import { heightRange, relief } from "../top-view";
import { train } from "../trainer";
import type { LatentsfmOptions } from "./train-latentsfm";

const REDUCTION = 8;

export async function run(task: StageTask<LatentsfmOptions>): Promise<StageResult> {
  const { options, seed } = task;
  const { training } = options;
  const source = await LatentSource.open(task, training.heightAlpha);
  const { store, index } = source;
  const { window } = index;
  const rules = { window, mix: options.conditions, normalDrop: options.normalDrop };
  const model = new Latentsfm(options.model).materialize({ seed, device: task.device });

  const { log, secondsPerStep } = await train({
    ...{ task, model, options: training, checkpointEvery: options.checkpointEvery, logEvery: options.logEvery },
    key: runKey({ ...options, index }, store, seed),
    prepare: (step) => source.prepare(step, training.batch),
    loss: (step, place) => {
      const count = step * training.batch + place;
      const item = source.draw(count);
      const condition = drawStructCondition(source.cropOf(item), store, rules, new StepDraws(seed, "condition", count));
      const cond = repeatScene(model.condNet.forward(toTensor(condition)), options.flow.draws);
      const { structCoords, struct } = source.latentsOf(item);
      const rough = roughen(structCoords, window / REDUCTION, options.roughen);
      const x0 = latentsOn(rough, structCoords, struct.div(index.struct_scale));
      const { t, xt, target } = drawFlow(x0, options.flow, seed, count);
      const cells = repeatScene(SparseTensor.of(coordsTensor(rough), x0), options.flow.draws).withFeats(xt);
      const columns = { square: { x: 0, y: 0, size: window }, factor: REDUCTION };
      const settled = drawSettled(x0, rough, columns, options.flow, options.model.inpainting, seed, count);
      return { ...flowLossOf(model.forward(cells, t, cond, settled), target, settled?.mask), ids: [item.name] };
    },
  });

  if (task.world.rank > 0) return {};

  const statistics = { struct_scale: [index.struct_scale], tau: [options.tau], roughen: [options.roughen.dilate, options.roughen.simplify] };
  saveModel(task.out, "latentsfm", model, { trained: { steps: training.steps, seed }, extent: window, statistics });
  const structvae = loadModel(task.inputs["train-structvae"]!.dir, "structvae").model;
  const metrics = await validate(task, model, structvae, index.struct_scale, window);
  task.section({
    title: "LatentSFM",
    sentence:
      `From roughened true cells (${percent(metrics.iou_roughened!)} in common with the truth) it refines unseen crops to ${percent(metrics.iou_refined!)} at L/8; ` +
      `decoded to L they share ${percent(metrics.iou_decoded!)} with the truth.`,
    figures: [{ file: "decoded.png", caption: "Unseen crops from above: truth (top) and decoded from drawn latents (bottom)." }],
    curves: curvesOf(log, { loss: "Flow loss" }),
    metrics: { ...metrics, seconds_per_step: secondsPerStep },
  });
  return { metrics };
}

/** Latents on roughened cells: zero where roughening added one. */
function latentsOn(rough: Int32Array, coords: Int32Array, z: Tensor): Tensor {
  const rows = rowsBefore(rough, coords);
  const found = Tensor.from(
    Float32Array.from(rows, (row) => (row < 0 ? 0 : 1)),
    [rows.length, 1],
  );
  const index = Tensor.from(
    rows.map((row) => Math.max(0, row)),
    [rows.length],
    { dtype: "i64" },
  );
  return z.indexSelect(0, index).mul(found);
}

async function validate(
  task: StageTask<LatentsfmOptions>,
  model: Latentsfm,
  structvae: Structvae,
  scale: number,
  window: number,
): Promise<Record<string, number>> {
  const { options, seed, out } = task;
  const { flow, tau } = options;
  const edge = window / REDUCTION;
  const store = await SampleStore.open(task.inputs.split!.dir, "validation");
  const crops = await validationCrops(store, options.validationCrops, window);
  const empty = emptyCondition(window);
  const refined = crops.map((crop, i) =>
    noGrad(() =>
      scope(() => {
        const truth = xyzOf(structvae.encoder.forward(bareVoxels(crop.coords)).pyramid[3]!);
        const rough = roughen(truth, edge, options.roughen);
        const n = rough.length / 3;
        const noise = normal([n, options.model.latentChannels], { seed, purpose: "test", index: i });
        const conditions = { cond: toTensor(structConditionOf("semantic", crop, store, window)), empty: toTensor(empty) };
        const z = sampleLatents(model, conditions, SparseTensor.of(coordsTensor(rough), noise), {
          steps: flow.steps,
          shift: flow.shift,
          cfg: { w: flow.guidance, convention: "one-plus-w" },
        });
        const rows = realCells(z.toArray(), options.model.latentChannels, tau);
        const kept = Int32Array.from([...rows].flatMap((row) => [...rough.subarray(3 * row, 3 * row + 3)]));
        return { truth, rough, kept, decoded: rows.length === 0 ? new Int32Array() : decode(structvae, kept, z, rows, scale, crop.rows.length) };
      }),
    ),
  );
  const keys = (cells: Int32Array) => cellKeys(cells, 3);
  const shown = crops.slice(0, 4).map(({ coords }, i) => {
    const range = heightRange(coords);
    return [relief(coords, window, range), relief(refined[i]!.decoded, window, range)] as const;
  });
  await sheet(join(out, "decoded.png"), [shown.map(([truth]) => truth), shown.map(([, decoded]) => decoded)], Math.max(1, Math.round(256 / window)));
  return {
    iou_roughened: mean(refined.map(({ truth, rough }) => iou(keys(rough), keys(truth)))),
    iou_refined: mean(refined.map(({ truth, kept }) => iou(keys(kept), keys(truth)))),
    iou_decoded: mean(refined.map(({ decoded }, i) => iou(keys(decoded), keys(crops[i]!.coords)))),
    voxels_decoded: mean(refined.map(({ decoded }) => decoded.length / 3)),
    voxels_true: mean(crops.map((crop) => crop.rows.length)),
  };
}

function decode(structvae: Structvae, cells: Int32Array, z: Tensor, rows: Int32Array, scale: number, voxels: number): Int32Array {
  const latents = z.indexSelect(0, Tensor.from(rows, [rows.length], { dtype: "i64" })).mul(scale);
  // A crop's voxels halve about four times a level; twice the truth's number is the cap of training.
  const most = [2 * voxels, voxels, voxels] as const;
  const { voxels: decoded } = structvae.decoder.forward(SparseTensor.of(coordsTensor(cells), latents), { by: "sampling", most });
  return decoded ? xyzOf(decoded) : new Int32Array();
}
