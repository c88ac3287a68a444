/** Trains TexFM, then textures unseen crops from their map and compares colours a class at a time. */
import { join } from "node:path";
import type { StageResult, StageTask } from "../../../cli/plugin";
import { normal, scope, Tensor } from "../../../ffi";
import { SparseTensor } from "../../../ffi/sparse";
import { sheet } from "../../dataset/api";
import {
  classColourError,
  classColours,
  colourError,
  inMeanColours,
  loadModel,
  mean,
  repeatScene,
  saveModel,
  sparseOf,
  spreadInClasses,
  Texfm,
  type Texvae,
} from "../../models/api";
import { drawSquare, rowsInSquare } from "../augment/crop";
import { jagged } from "../augment/jagged";
import { coordsTensor, validationCrops } from "../crops";
import { drawFlow, drawSettled } from "../flow-draws";
import { LatentSource } from "../latent-source";
import { flowLossOf } from "../losses/flow";
import { type Painted, paint } from "../measures/texfm";
import { StepDraws } from "../random";
import { curvesOf, runKey } from "../report";
import { SampleStore } from "../samples";
import { drawTexCondition } from "../tex-conditions";
import { surfaceColours } from "../top-view";
import { train } from "../trainer";
import type { TexfmOptions } from "./train-texfm";

export async function run(task: StageTask<TexfmOptions>): Promise<StageResult> {
  const { options, seed } = task;
  const { training } = options;
  const source = await LatentSource.open(task, training.heightAlpha);
  const { store, index } = source;
  const { window } = index;
  const model = new Texfm(options.model).materialize({ seed, device: task.device });

  const { log, secondsPerStep } = await train({
    ...{ task, model, options: training, checkpointEvery: options.checkpointEvery, logEvery: options.logEvery },
    key: runKey({ ...options, index }, store, seed),
    prepare: (step) => source.prepare(step, training.batch),
    loss: (step, place) => {
      const count = step * training.batch + place;
      const item = source.draw(count);
      const augment = new StepDraws(seed, "augmentation", count);
      const { texCoords, tex } = source.latentsOf(item);
      const columns = drawSquare(window, options.columns, augment);
      const drawn = rowsInSquare(texCoords, columns);
      // Where ground above the window was cut, a square may hold nothing.
      const square = drawn.length > 0 ? drawn : Int32Array.from({ length: texCoords.length / 3 }, (_, row) => row);
      const cut = gather(texCoords, square);
      const moved = augment.uniform(1)[0]! < options.jagged ? jagged(cut, window, augment) : { coords: cut, rows: Int32Array.from(square.keys()) };
      const x0 = normalise(tex.indexSelect(0, rowIndex(Int32Array.from(moved.rows, (row) => square[row]!))), index.tex_mean, index.tex_std);
      const condition = drawTexCondition(
        moved.coords,
        source.cropOf(item),
        store,
        { window, mapPixels: options.mapPixels, mix: options.conditions },
        new StepDraws(seed, "condition", count),
      );
      const cond = model.condNet.forward(sparseOf(condition)).map((level) => repeatScene(level, options.flow.draws));
      const { t, xt, target } = drawFlow(x0, options.flow, seed, count);
      const voxels = repeatScene(SparseTensor.of(coordsTensor(moved.coords), x0), options.flow.draws).withFeats(xt);
      const settled = drawSettled(x0, moved.coords, { square: columns, factor: 1 }, options.flow, options.model.inpainting, seed, count);
      return { ...flowLossOf(model.forward(voxels, t, cond, settled), target, settled?.mask), ids: [item.name] };
    },
  });

  if (task.world.rank > 0) return {};

  const statistics = { tex_mean: index.tex_mean, tex_std: index.tex_std, map_pixels: [options.mapPixels] };
  saveModel(task.out, "texfm", model, { trained: { steps: training.steps, seed }, extent: window, extractor: index.extractor, statistics });
  const texvae = loadModel(task.inputs["train-texvae"]!.dir, "texvae").model;
  const metrics = await validate(task, model, texvae, index, window);
  task.section({
    title: "TexFM",
    sentence:
      `Textured from their map, unseen crops miss each class's mean colour by ${metrics.class_colour_error!.toFixed(3)} (0 to 1) and a voxel's own colour by ${metrics.colour_error!.toFixed(3)}, ` +
      `where painting every class in its mean colour misses by ${metrics.colour_error_class_mean!.toFixed(3)}; two seeds differ by ${metrics.colour_two_seeds!.toFixed(3)}.`,
    figures: [{ file: "textured.png", caption: "Unseen crops from above: TexVAE's own colours, and TexFM's for two seeds." }],
    curves: curvesOf(log, { loss: "Flow loss" }),
    metrics: { ...metrics, seconds_per_step: secondsPerStep },
  });
  return { metrics };
}

async function validate(
  task: StageTask<TexfmOptions>,
  model: Texfm,
  texvae: Texvae,
  statistics: { tex_mean: number[]; tex_std: number[] },
  window: number,
): Promise<Record<string, number>> {
  const { options, seed, out } = task;
  const store = await SampleStore.open(task.inputs.split!.dir, "validation");
  const crops = await validationCrops(store, options.validationCrops, window);
  const models = { texfm: model, texvae, mean: statistics.tex_mean, std: statistics.tex_std };
  const { steps, shift, guidance } = options.flow;
  const rules = { window, mapPixels: options.mapPixels, flow: { steps, shift, cfg: { w: guidance, convention: "one-plus-w" } } } as const;
  const painted = crops.map((crop, i) =>
    scope(() => {
      const noises = [0, 1].map((draw) => normal([crop.rows.length, options.model.latentChannels], { seed, purpose: "noise", index: 2 * i + draw }));
      return paint(models, crop, rules, noises, new StepDraws(seed, "test", i));
    }),
  );
  const colours = (pick: (p: Painted) => Float32Array) => painted.map((p) => classColours(pick(p), p.classes));
  const [truth, drawn] = [colours((p) => p.own), colours((p) => p.drawn[0]!)];
  const rgb255 = (values: Float32Array) => values.map((value) => value * 255);
  const pictures = (pick: (p: Painted) => Float32Array) =>
    painted.slice(0, 4).map((p, i) => surfaceColours(crops[i]!.coords, rgb255(pick(p)), window));
  await sheet(
    join(out, "textured.png"),
    [pictures((p) => p.own), pictures((p) => p.drawn[0]!), pictures((p) => p.drawn[1]!)],
    Math.max(1, Math.round(256 / window)),
  );
  return {
    class_colour_error: mean(truth.map((colour, i) => classColourError(colour, drawn[i]!))),
    colour_error: mean(painted.map(({ own, drawn }) => colourError(own, drawn[0]!))),
    colour_error_class_mean: mean(painted.map(({ own, classes }, i) => colourError(own, inMeanColours(classes, truth[i]!)))),
    colour_two_seeds: mean(painted.map(({ drawn }) => colourError(drawn[0]!, drawn[1]!))),
    spread_in_class: mean(drawn.map(spreadInClasses)) / mean(truth.map(spreadInClasses)),
  };
}

function gather(coords: Int32Array, rows: Int32Array): Int32Array {
  const out = new Int32Array(3 * rows.length);
  for (const [i, row] of rows.entries()) out.set(coords.subarray(3 * row, 3 * row + 3), 3 * i);
  return out;
}

function rowIndex(rows: Int32Array): Tensor {
  return Tensor.from(rows, [rows.length], { dtype: "i64" });
}

function normalise(z: Tensor, mu: readonly number[], sigma: readonly number[]): Tensor {
  return z.sub(Tensor.from(mu, [1, mu.length])).div(Tensor.from(sigma, [1, sigma.length]));
}
