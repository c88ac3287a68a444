/** Trains TexVAE, then renders unseen crops beside the truth and beside two simple ways to colour them. */
import { join } from "node:path";
import { Cancelled, EXIT, type StageResult, type StageTask, UserError } from "../../../cli/plugin";
import { SparseTensor } from "../../../ffi/sparse";
import { sheet } from "../../dataset/api";
import { activate, mean, renderViews, saveModel, Texvae } from "../../models/api";
import { jagged } from "../augment/jagged";
import { CropSource, coordsTensor, cropFeatures, validationCrops } from "../crops";
import { texvaeLossOf } from "../losses/texvae";
import { fullestViews, renderBeside, trainingColours } from "../measures/texvae";
import { StepDraws } from "../random";
import { curvesOf, runKey } from "../report";
import { SampleStore } from "../samples";
import { drawViews } from "../target-views";
import { train } from "../trainer";
import { stackViews } from "../view-crops";
import type { TexvaeOptions } from "./train-texvae";

export async function run(task: StageTask<TexvaeOptions>): Promise<StageResult> {
  const { options, seed } = task;
  const { training, window } = options;
  const store = await SampleStore.open(task.inputs.split!.dir, "train", training.samples);
  const crops = new CropSource(store, seed, options, training);
  const model = new Texvae(options.model).materialize({ seed, device: task.device });

  const { log, secondsPerStep } = await train({
    ...{ task, model, options: training, checkpointEvery: options.checkpointEvery, logEvery: options.logEvery },
    key: runKey(options, store, seed),
    prepare: (step) => crops.prepare(step, training.batch),
    loss: (step, place) => {
      const count = step * training.batch + place;
      const { crop, views } = drawViews(crops.draw(count), store, options, new StepDraws(seed, "condition", count));
      const augment = new StepDraws(seed, "time", count);
      const moved = augment.uniform(1)[0]! < options.jagged ? jagged(crop.coords, window, augment) : null;
      const coords = coordsTensor(moved?.coords ?? crop.coords);
      const feats = moved ? cropFeatures({ ...crop, rows: moved.rows.map((row) => crop.rows[row]!) }) : cropFeatures(crop);
      const voxels = SparseTensor.of(coords, feats);
      const posterior = model.encoder.forward(voxels);
      const z = posterior.sample(new StepDraws(seed, "noise", count).normal(posterior.mean.shape));
      const splats = activate(model.decoder.forward(voxels.withFeats(z)), coords);
      const [first] = views;
      const { color } = renderViews(
        splats,
        views.map(({ camera }) => camera),
        first.width,
        first.height,
      );
      return { ...texvaeLossOf({ rendered: color, ...stackViews(views) }, posterior, options.loss), ids: [crop.sample.id] };
    },
  });

  if (task.world.rank > 0) return {};

  saveModel(task.out, "texvae", model, { trained: { steps: training.steps, seed }, extent: window, extractor: store.extractor, statistics: {} });
  const metrics = await validate(task, model);
  task.section({
    title: "TexVAE",
    sentence:
      `Rendered from 8 numbers a voxel, unseen crops reach ${metrics.psnr!.toFixed(1)} dB; one opaque splat a voxel in its own colour reaches ${metrics.psnr_voxel_colour!.toFixed(1)}, ` +
      `every class in its mean colour ${metrics.psnr_class_mean!.toFixed(1)}.`,
    figures: [{ file: "rendered.png", caption: "Unseen crops: truth, TexVAE, one opaque splat a voxel, mean colour a class. Grey: not this crop." }],
    curves: curvesOf(log, { loss: "Loss", l1: "L1", ssim: "SSIM" }),
    metrics: { ...metrics, seconds_per_step: secondsPerStep },
  });
  return { metrics };
}

async function validate(task: StageTask<TexvaeOptions>, model: Texvae): Promise<Record<string, number>> {
  const { options, out, inputs } = task;
  const { dir } = inputs.split!;
  const [store, training] = await Promise.all([SampleStore.open(dir, "validation"), SampleStore.open(dir, "train")]);
  const crops = await validationCrops(store, options.validationCrops, options.window);
  const known = await trainingColours(training);
  const size: [number, number] = [96, 96];
  const rows = crops.flatMap((crop) => {
    const [view] = fullestViews(crop, store, size, 1);
    return view ? [renderBeside(model, crop, view, known)] : [];
  });
  if (rows.length === 0) throw new UserError({ what: "no view sees a validation crop", where: "train-texvae", exit: EXIT.badInput });
  if (task.cancelled) throw new Cancelled();
  const shown = rows.slice(0, 4);
  await sheet(
    join(out, "rendered.png"),
    [0, 1, 2, 3].map((picture) => shown.map(({ pictures }) => pictures[picture]!)),
    3,
  );
  const average = (name: "psnr" | "ssim" | "psnr_voxel_colour" | "psnr_class_mean") => mean(rows.map((row) => row[name]));
  return {
    psnr: average("psnr"),
    ssim: average("ssim"),
    psnr_voxel_colour: average("psnr_voxel_colour"),
    psnr_class_mean: average("psnr_class_mean"),
    validation_crops: rows.length,
  };
}
