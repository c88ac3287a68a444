/** Trains TexFM, then textures unseen crops from their map and compares colours a class at a time. */
import { join } from "node:path";
import type { StageResult, StageTask } from "../../../cli/plugin";
import { noGrad, normal, scope, Tensor } from "../../../ffi";
import { SparseTensor } from "../../../ffi/sparse";
import { sheet } from "../../dataset/api";
import {
  activate,
  classColourError,
  classColours,
  emptyOnVoxels,
  loadModel,
  repeatScene,
  sampleTexture,
  saveModel,
  sparseOf,
  splatColours,
  Texfm,
  type Texvae,
} from "../../models/api";
import { drawSquare, rowsInSquare } from "../augment/crop";
import { jagged } from "../augment/jagged";
import { type Crop, coordsTensor, cropFeatures, validationCrops } from "../crops";
import { drawFlow, drawSettled } from "../flow-draws";
import { LatentSource } from "../latent-source";
import { readLatentIndex, readLatents } from "../latents";
import { flowLossOf } from "../losses/flow";
import { StepDraws } from "../random";
import { curvesOf, mean, runKey } from "../report";
import { SampleStore } from "../samples";
import { drawTexCondition, mapCondition, TEX_CONDITION_CHANNELS } from "../tex-conditions";
import { surfaceColours } from "../top-view";
import { train } from "../trainer";
import { cropOf } from "./run-latentsfm";
import type { TexfmOptions } from "./train-texfm";

export async function run(task: StageTask<TexfmOptions>): Promise<StageResult> {
  const { options, seed } = task;
  const { training } = options;
  const store = await SampleStore.open(task.inputs.split!.dir, "train");
  const dir = task.inputs["encode-latents"]!.dir;
  const index = readLatentIndex(dir);
  const { window } = index;
  const source = new LatentSource(index.items, seed, training.heightAlpha);
  const model = new Texfm(options.model).materialize({ seed, device: task.device });

  const { log, secondsPerStep } = await train({
    ...{ task, model, options: training, checkpointEvery: options.checkpointEvery, logEvery: options.logEvery },
    key: runKey({ ...options, index }, store, seed),
    prepare: (step) => source.prepare(store, step, training.batch),
    loss: (step, place) => {
      const count = step * training.batch + place;
      const item = source.draw(count);
      const augment = new StepDraws(seed, "augmentation", count);
      const { texCoords, tex } = readLatents(dir, item);
      const columns = drawSquare(window, options.columns, augment);
      const drawn = rowsInSquare(texCoords, columns);
      // Where ground above the window was cut, a square may hold nothing.
      const square = drawn.length > 0 ? drawn : Int32Array.from({ length: texCoords.length / 3 }, (_, row) => row);
      const cut = gather(texCoords, square);
      const moved = augment.uniform(1)[0]! < options.jagged ? jagged(cut, window, augment) : { coords: cut, rows: Int32Array.from(square.keys()) };
      const x0 = normalise(tex.indexSelect(0, rowIndex(Int32Array.from(moved.rows, (row) => square[row]!))), index.tex_mean, index.tex_std);
      const condition = drawTexCondition(
        moved.coords,
        cropOf(item, store, window),
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

interface Painted {
  /** Colour of each voxel as TexVAE decodes its own latents, [N, 3] in [0, 1]. */
  own: Float32Array;
  drawn: [Float32Array, Float32Array];
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
  const painted = crops.map((crop, i) => paint(crop, i));
  const classes = crops.map((crop) => Uint8Array.from(crop.rows, (row) => crop.sample.semantic[row]!));
  const colours = (pick: (p: Painted) => Float32Array) => painted.map((p, i) => classColours(pick(p), classes[i]!));
  const [truth, drawn] = [colours((p) => p.own), colours((p) => p.drawn[0])];
  const rgb255 = (values: Float32Array) => values.map((value) => value * 255);
  const pictures = (pick: (p: Painted) => Float32Array) =>
    painted.slice(0, 4).map((p, i) => surfaceColours(crops[i]!.coords, rgb255(pick(p)), window));
  await sheet(
    join(out, "textured.png"),
    [pictures((p) => p.own), pictures((p) => p.drawn[0]), pictures((p) => p.drawn[1])],
    Math.max(1, Math.round(256 / window)),
  );
  const weighted = (classesOf: Map<number, { spread: number; count: number }>) => {
    const all = [...classesOf.values()];
    return all.reduce((sum, { spread: s, count }) => sum + s * count, 0) / all.reduce((sum, { count }) => sum + count, 0);
  };
  return {
    class_colour_error: mean(truth.map((colour, i) => classColourError(colour, drawn[i]!))),
    colour_error: mean(painted.map(({ own, drawn: [first] }) => difference(own, first))),
    colour_error_class_mean: mean(painted.map(({ own }, i) => difference(own, inMeanColours(classes[i]!, truth[i]!)))),
    colour_two_seeds: mean(painted.map(({ drawn: [a, b] }) => difference(a, b))),
    spread_in_class: mean(drawn.map(weighted)) / mean(truth.map(weighted)),
  };

  function paint(crop: Crop, i: number): Painted {
    return noGrad(() =>
      scope(() => {
        const coords = coordsTensor(crop.coords);
        const latents = texvae.encoder.forward(SparseTensor.of(coords, cropFeatures(crop))).mean;
        const colourOf = (z: Tensor) => splatColours(activate(texvae.decoder.forward(SparseTensor.of(coords, z)), coords), crop.rows.length);
        const empty = emptyOnVoxels(crop.coords, TEX_CONDITION_CHANNELS, new StepDraws(seed, "test", i));
        const conditions = { cond: sparseOf(mapCondition(crop.coords, crop, { window, mapPixels: options.mapPixels })), empty: sparseOf(empty) };
        const [first, second] = [0, 1].map((draw) => {
          const noise = normal([crop.rows.length, options.model.latentChannels], { seed, purpose: "noise", index: 2 * i + draw });
          const { steps, shift, guidance } = options.flow;
          const z = sampleTexture(model, conditions, SparseTensor.of(coords, noise), {
            steps,
            shift,
            cfg: { w: guidance, convention: "one-plus-w" },
          });
          return colourOf(denormalise(z, statistics.tex_mean, statistics.tex_std));
        });
        return { own: colourOf(latents), drawn: [first!, second!] };
      }),
    );
  }
}

function inMeanColours(classes: Uint8Array, colours: Map<number, { mean: [number, number, number] }>): Float32Array {
  const painted = new Float32Array(3 * classes.length);
  for (const [i, id] of classes.entries()) painted.set(colours.get(id)!.mean, 3 * i);
  return painted;
}

function difference(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + Math.abs(value - b[i]!), 0) / a.length;
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

function denormalise(z: Tensor, mu: readonly number[], sigma: readonly number[]): Tensor {
  return z.mul(Tensor.from(sigma, [1, sigma.length])).add(Tensor.from(mu, [1, mu.length]));
}
