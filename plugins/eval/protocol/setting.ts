/** What every part of the protocol works with: the models, how they sample, and the held-out crops. */
import type { Metric, StageTask } from "../../../cli/plugin";
import { type Dataset, openDataset } from "../../dataset/api";
import type { ClassColour } from "../../models/api";
import {
  type CropWindow,
  cropWindow,
  loadModels,
  type PipelineModels,
  type Sight,
  type StructureOptions,
  type TextureOptions,
  withTau,
} from "../../sample/api";
import { type Crop, SampleStore, trainingColours, wholeCrop } from "../../train/api";
import type { Picture } from "../../view/api";
import { type Partners, partnersOf } from "./conditions";
import { TrainingLibrary } from "./library";
import type { CropResult } from "./results";
import type { EvaluateOptions } from "./stage";

/** A crop as sampling sees it, and as training does. */
export interface HeldOutCrop {
  id: string;
  site: string;
  window: CropWindow;
  crop: Crop;
  partners: Partners;
  /** Of its first draw. */
  seed: number;
}

/** What a part says of one crop. */
export interface Measured extends Partial<Pick<CropResult, "recovered" | "colours" | "free">> {
  values: CropResult["values"];
  picture?: Picture;
}

export interface Setting {
  models: PipelineModels;
  sight: Sight;
  structure: StructureOptions;
  texture: TextureOptions;
  /** Draws of each crop and condition. */
  seeds: number;
  dataset: Dataset;
  heldOut: SampleStore;
  /** Colours of the classes over the training crops. */
  classColours: ReadonlyMap<number, ClassColour>;
  library: TrainingLibrary;
  /** Of whatever plugin, as the recipe names them. */
  metrics: readonly Metric[];
  /** A unit of work is about to begin. */
  begin(what: string): void;
}

/** The first seeds of two crops lie so far apart. */
const SEEDS_A_CROP = 1000;

/** @param begin called before each unit of work */
export async function openSetting(
  task: StageTask<EvaluateOptions>,
  begin: Setting["begin"],
): Promise<{ setting: Setting; crops: readonly string[]; open: (id: string) => Promise<HeldOutCrop> }> {
  const { options, inputs, seed } = task;
  const dir = inputs.split!.dir;
  const { models, sight, trainedTau } = loadModels(task);
  const dataset = await openDataset(dir);
  const heldOut = await SampleStore.open(dir, "validation");
  const needsLibrary = options.only.some((part) => part === "classsfm" || part === "chain");
  const needsColours = options.only.some((part) => part === "texvae" || part === "texfm");
  const setting: Setting = {
    ...{ models, sight, dataset, heldOut, begin, seeds: options.seeds, texture: options.texture },
    metrics: await Promise.all(options.metrics.map((name) => task.metric(name))),
    structure: withTau(options.structure, task, trainedTau),
    classColours: needsColours ? await trainingColours(await SampleStore.open(dir, "train")) : new Map(),
    library: needsLibrary ? await TrainingLibrary.read(dataset, sight.extent) : new TrainingLibrary([]),
  };
  const chosen = evenly(heldOut.ids, options.crops);
  const partners = partnersOf(
    chosen.map((id) => ({ id, site: dataset.entry(id).site })),
    seed,
  );
  const open = async (id: string): Promise<HeldOutCrop> => {
    await heldOut.load([id]);
    return {
      ...{ id, site: dataset.entry(id).site, partners: partners.get(id)!, seed: seed + SEEDS_A_CROP * chosen.indexOf(id) },
      window: await cropWindow(dataset, id, sight.extent),
      crop: wholeCrop(heldOut.get(id), sight.extent),
    };
  };
  return { setting, crops: chosen, open };
}

/** `count` names at even distances. */
export function evenly(ids: readonly string[], count: number | "all"): string[] {
  if (count === "all" || ids.length <= count) return [...ids];
  return Array.from({ length: count }, (_, i) => ids[Math.floor(((i + 0.5) * ids.length) / count)]!);
}
