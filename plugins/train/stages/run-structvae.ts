/** Trains StructVAE, then says how well it rebuilds crops it has never seen. */
import { join } from "node:path";
import type { StageResult, StageTask } from "../../../cli/plugin";
import { sheet } from "../../dataset/api";
import { mean, type Pruning, Structvae, saveModel } from "../../models/api";
import { bareVoxels, CropSource, validationCrops } from "../crops";
import { structvaeLossOf } from "../losses/structvae";
import { type Rebuilt, rebuild } from "../measures/structvae";
import { StepDraws } from "../random";
import { curvesOf, percent, runKey } from "../report";
import { SampleStore } from "../samples";
import { heightRange, relief } from "../top-view";
import { train } from "../trainer";
import type { StructvaeOptions } from "./train-structvae";

export async function run(task: StageTask<StructvaeOptions>): Promise<StageResult> {
  const { options, seed } = task;
  const { training, loss: weights, pruning } = options;
  const store = await SampleStore.open(task.inputs.split!.dir, "train", training.samples);
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

async function validate({ inputs, options, out, warn }: StageTask<StructvaeOptions>, model: Structvae): Promise<Record<string, number>> {
  const store = await SampleStore.open(inputs.split!.dir, "validation");
  const crops = await validationCrops(store, options.validationCrops, options.window);
  const rebuilt = crops.map((crop) => rebuild(model, crop, options.pruning.cap));
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
