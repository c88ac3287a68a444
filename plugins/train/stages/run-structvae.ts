/** Trains StructVAE, then says how well it rebuilds crops it has never seen. */
import { join } from "node:path";
import type { StageResult, StageTask } from "../../../cli/plugin";
import { noGrad, scope } from "../../../ffi";
import type { SparseTensor } from "../../../ffi/sparse";
import { sheet } from "../../dataset/api";
import { cellKeys, coarsened, type Pruning, Structvae, saveModel, type VoxelAccuracy, voxelAccuracy } from "../../models/api";
import { bareVoxels, type Crop, CropSource, validationCrops } from "../crops";
import { structvaeLossOf } from "../losses/structvae";
import { StepDraws } from "../random";
import { curvesOf, mean, percent, runKey } from "../report";
import { SampleStore } from "../samples";
import { heightRange, relief } from "../top-view";
import { train } from "../trainer";
import type { StructvaeOptions } from "./train-structvae";

export async function run(task: StageTask<StructvaeOptions>): Promise<StageResult> {
  const { options, seed } = task;
  const { training, loss: weights, pruning } = options;
  const store = await SampleStore.open(task.inputs.split!.dir, "train");
  const crops = new CropSource(store, seed, options, training);
  const model = new Structvae(options.model).materialize({ seed, device: task.device });
  const teacherSteps = Math.round(pruning.teacherShare * training.steps);

  const { log, secondsPerStep } = await train({
    ...{ task, model, options: training, checkpointEvery: options.checkpointEvery, logEvery: options.logEvery },
    key: runKey(options, store, seed),
    prepare: (step) => crops.prepare(step, training.batch),
    loss: (step, place) => {
      const count = step * training.batch + place;
      const crop = crops.draw(count);
      const { posterior, pyramid } = model.encoder.forward(bareVoxels(crop.coords));
      const z = posterior.sample(new StepDraws(seed, "noise", count).normal(posterior.mean.shape));
      const by: Pruning = step < teacherSteps ? { by: "teacher", pyramid } : { by: "predicted", pyramid, cap: pruning.cap };
      return { ...structvaeLossOf(model.decoder.forward(pyramid[3]!.withFeats(z), by), posterior, weights), ids: [crop.sample.id] };
    },
  });

  if (task.world.rank > 0) return {};

  saveModel(task.out, "structvae", model, { trained: { steps: training.steps, seed }, extent: options.window, statistics: {} });
  const metrics = await validate(task, model);
  task.section({
    title: "StructVAE",
    sentence:
      `After ${training.steps} steps it rebuilds unseen crops with ${percent(metrics.iou!)} of voxels in common (IoU) and ${percent(metrics.accuracy_union!)} right over pseudo ∪ truth; ` +
      `keeping every child of the true parents would give ${percent(metrics.keep_all_iou!)}, keeping none ${percent(metrics.majority_accuracy!)} right.`,
    figures: [{ file: "decoded.png", caption: "Unseen crops from above: truth (top) and what StructVAE makes of its own latents (bottom)." }],
    curves: curvesOf(log, { loss: "Loss", ce0: "Cross-entropy, level 0", ce1: "Level 1", ce2: "Level 2", kl: "KL, nats a latent voxel" }),
    metrics: { ...metrics, seconds_per_step: secondsPerStep },
  });
  return { metrics };
}

interface Rebuilt {
  levels: Record<0 | 1 | 2, VoxelAccuracy>;
  keepAll: VoxelAccuracy;
  dropAll: VoxelAccuracy;
  decoded: Int32Array;
}

async function validate({ inputs, options, out, warn }: StageTask<StructvaeOptions>, model: Structvae): Promise<Record<string, number>> {
  const store = await SampleStore.open(inputs.split!.dir, "validation");
  const crops = await validationCrops(store, options.validationCrops, options.window);
  const rebuilt = crops.map((crop) => rebuild(model, crop, options));
  const lost = rebuilt.filter(({ decoded }) => decoded.length === 0).length;
  if (lost > 0) warn(`${lost} of ${rebuilt.length} crops lost all voxels of a level`);
  const average = (pick: (r: Rebuilt) => number) => mean(rebuilt.map(pick));
  const shown = crops.slice(0, 4).map(({ coords }, i) => {
    const range = heightRange(coords, rebuilt[i]!.decoded);
    return [relief(coords, options.window, range), relief(rebuilt[i]!.decoded, options.window, range)] as const;
  });
  await sheet(
    join(out, "decoded.png"),
    [shown.map(([truth]) => truth), shown.map(([, decoded]) => decoded)],
    Math.max(1, Math.round(256 / options.window)),
  );
  return {
    accuracy: average((r) => r.levels[0].overPseudo),
    accuracy_union: average((r) => r.levels[0].overUnion),
    iou: average((r) => r.levels[0].iou),
    iou_level_1: average((r) => r.levels[1].iou),
    iou_level_2: average((r) => r.levels[2].iou),
    keep_all_accuracy: average((r) => r.keepAll.overPseudo),
    keep_all_iou: average((r) => r.keepAll.iou),
    majority_accuracy: average((r) => r.dropAll.overPseudo),
    validation_crops: crops.length,
  };
}

/** Through the latent's mean and back, the head pruning as in sampling. */
function rebuild(model: Structvae, { coords }: Crop, { pruning }: StructvaeOptions): Rebuilt {
  return noGrad(() =>
    scope(() => {
      const { posterior, pyramid } = model.encoder.forward(bareVoxels(coords));
      const { levels, voxels } = model.decoder.forward(pyramid[3]!.withFeats(posterior.mean), { by: "predicted", pyramid, cap: pruning.cap });
      const truth = pyramid.map(keysOf);
      const accuracy = (level: 0 | 1 | 2): VoxelAccuracy => {
        const at = levels.find((decoded) => decoded.level === level);
        if (!at) return voxelAccuracy(new Float64Array(), new Float64Array(), truth[level]!);
        const kept = level === 0 ? (voxels ? keysOf(voxels) : new Float64Array()) : parentsOf(levels, level);
        return voxelAccuracy(keysOf(at.pseudo), kept, truth[level]!);
      };
      const children = childKeys(pyramid[1]!);
      return {
        levels: { 0: accuracy(0), 1: accuracy(1), 2: accuracy(2) },
        keepAll: voxelAccuracy(children, children, truth[0]!),
        dropAll: voxelAccuracy(children, new Float64Array(), truth[0]!),
        decoded: voxels ? xyzOf(voxels) : new Int32Array(),
      };
    }),
  );
}

/** What a level kept, read from the children that the next finer level made of it. */
function parentsOf(levels: readonly { level: number; pseudo: SparseTensor }[], level: number): Float64Array {
  const finer = levels.find((decoded) => decoded.level === level - 1);
  return finer ? coarsened(finer.pseudo.coords.toArray(), 4, 2) : new Float64Array();
}

function keysOf(voxels: SparseTensor): Float64Array {
  return cellKeys(voxels.coords.toArray(), 4);
}

/** The 8 children of every voxel. */
function childKeys(parents: SparseTensor): Float64Array {
  const coords = parents.coords.toArray();
  const children = new Int32Array(coords.length * 6);
  for (let i = 0; i < coords.length / 4; i++)
    for (let child = 0; child < 8; child++)
      children.set(
        [1, 2, 3].map((axis) => 2 * coords[4 * i + axis]! + ((child >> (axis - 1)) & 1)),
        3 * (8 * i + child),
      );
  return cellKeys(children, 3);
}

/** [N, 3] of one scene. */
export function xyzOf(voxels: SparseTensor): Int32Array {
  const coords = voxels.coords.toArray();
  const xyz = new Int32Array((coords.length / 4) * 3);
  for (let i = 0; i < coords.length / 4; i++) xyz.set([coords[4 * i + 1]!, coords[4 * i + 2]!, coords[4 * i + 3]!], 3 * i);
  return xyz;
}
