/** Encodes the training samples with both VAEs. Held-out samples are never opened. */
import { join } from "node:path";
import type { StageResult, StageTask } from "../../../cli/plugin";
import { noGrad, saveSafetensors, scope, Tensor } from "../../../ffi";
import { SparseTensor } from "../../../ffi/sparse";
import { loadModel, type Structvae, type Texvae } from "../../models/api";
import { symmetryOf } from "../augment/symmetry";
import { bareVoxels, coordsTensor, cropAt, cropFeatures, xyzOf } from "../crops";
import { ChannelStatistics, type LatentItem, writeLatentIndex } from "../latents";
import { StepDraws } from "../random";
import { SampleStore } from "../samples";
import type { EncodeLatentsOptions } from "./encode-latents";

/** Symmetries of a square. */
const ALL = 8;

export async function run(task: StageTask<EncodeLatentsOptions>): Promise<StageResult> {
  const { options, seed, out } = task;
  const { window, symmetries, samples } = options;
  const store = await SampleStore.open(task.inputs.split!.dir, "train", samples);
  const structvae = loadModel(task.inputs["train-structvae"]!.dir, "structvae").model;
  const texvae = loadModel(task.inputs["train-texvae"]!.dir, "texvae").model;
  const [structure, texture] = [new ChannelStatistics(), new ChannelStatistics()];
  const items: LatentItem[] = [];
  const { ids } = store;
  for (const [i, id] of ids.entries()) {
    await store.load([id]);
    const sample = store.get(id);
    const windows = options.windows * store.crops[i]!;
    for (let j = 0; j < symmetries; j++)
      for (let w = 0; w < windows; w++) {
        task.stopIfCancelled();
        const symmetry = (i + Math.floor((j * ALL) / symmetries)) % ALL;
        const slack = Math.max(0, sample.extent - window);
        const corner = new StepDraws(seed, "augmentation", items.length).integers(2, slack + 1) as [number, number];
        const crop = cropAt(sample, symmetryOf(symmetry), corner, { x: 0, y: 0, size: window }, window);
        if (crop.rows.length === 0) continue;
        const name = `${id}.${symmetry}.${w}`;
        scope(() => encode(join(out, `${name}.safetensors`), structvae, texvae, crop, structure, texture));
        items.push({ name, sample: id, symmetry, corner, height_cells: highest(crop.coords) + 1 });
      }
    task.progress(i + 1, ids.length);
  }
  const statistics = { struct_scale: structure.scale, tex_mean: texture.mean, tex_std: texture.std };
  writeLatentIndex(out, { window, samples, extractor: store.extractor, ...statistics, items });
  task.section({
    title: "Latents",
    sentence: `${items.length} windows are encoded; a structural latent has scale ${statistics.struct_scale.toFixed(2)}, a texture channel deviates by ${format(statistics.tex_std)} about ${format(statistics.tex_mean)}.`,
    metrics: { windows: items.length, struct_scale: statistics.struct_scale },
  });
  return { metrics: { windows: items.length, struct_scale: statistics.struct_scale } };
}

function encode(
  path: string,
  structvae: Structvae,
  texvae: Texvae,
  crop: ReturnType<typeof cropAt>,
  structure: ChannelStatistics,
  texture: ChannelStatistics,
): void {
  noGrad(() => {
    const { posterior, pyramid } = structvae.encoder.forward(bareVoxels(crop.coords));
    const tex = texvae.encoder.forward(SparseTensor.of(coordsTensor(crop.coords), cropFeatures(crop))).mean;
    structure.add(posterior.mean);
    texture.add(tex);
    const cells = xyzOf(pyramid[3]!);
    saveSafetensors(
      path,
      new Map([
        ["struct_coords", Tensor.from(Int16Array.from(cells), [cells.length / 3, 3])],
        ["struct", posterior.mean],
        ["tex_coords", Tensor.from(Int16Array.from(crop.coords), [crop.coords.length / 3, 3])],
        ["tex", tex],
      ]),
    );
  });
}

function highest(coords: Int32Array): number {
  let z = 0;
  for (let i = 2; i < coords.length; i += 3) z = Math.max(z, coords[i]!);
  return z;
}

function format(values: readonly number[]): string {
  return `${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)}`;
}
