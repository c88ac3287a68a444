/** The five trained models, from the folders that the train stages wrote, with the numbers that go with their weights. */
import { EXIT, type StageTask, UserError } from "../../cli/plugin";
import { extractorOf } from "../dataset/api";
import { loadModel, type ModelInfo } from "../models/api";
import type { Sight } from "./conditions";
import type { PipelineModels } from "./pipeline";

export interface LoadedModels {
  models: PipelineModels;
  sight: Sight;
  /** τ that LatentSFM's training was told: what `auto` means where none was chosen. */
  trainedTau: number;
}

/** @throws UserError when models were trained for different windows or on different features */
export function loadModels({ inputs, device }: Pick<StageTask<unknown>, "inputs" | "device">): LoadedModels {
  const load = <N extends Parameters<typeof loadModel>[1]>(name: N) => loadModel(inputs[`train-${name}`]!.dir, name, device);
  const [texvae, structvae, classsfm, latentsfm, texfm] = [load("texvae"), load("structvae"), load("classsfm"), load("latentsfm"), load("texfm")];
  same("window", [structvae, classsfm, latentsfm, texfm], (info) => info.extent);
  same("feature extractor", [texvae, texfm], (info) => info.extractor);
  const scale = numbers(latentsfm.info, "struct_scale")[0]!;
  return {
    models: {
      ...{ classsfm: classsfm.model, latentsfm: latentsfm.model, structvae: structvae.model, texfm: texfm.model, texvae: texvae.model },
      latentScale: scale,
      mean: numbers(texfm.info, "tex_mean"),
      std: numbers(texfm.info, "tex_std"),
    },
    trainedTau: numbers(latentsfm.info, "tau")[0]!,
    sight: { extent: classsfm.info.extent, extractor: extractorOf(texfm.info.extractor!), mapPixels: numbers(texfm.info, "map_pixels")[0]! },
  };
}

function same(what: string, models: readonly { info: ModelInfo }[], pick: (info: ModelInfo) => unknown): void {
  const [first, ...others] = models;
  for (const { info } of others)
    if (pick(info) !== pick(first!.info))
      throw new UserError({
        what: `the ${what} of ${info.model} is ${pick(info)}, that of ${first!.info.model} is ${pick(first!.info)}`,
        fix: "train them with the same options on the same data set",
        exit: EXIT.badInput,
      });
}

function numbers(info: ModelInfo, name: string): readonly number[] {
  const found = info.statistics[name];
  if (!found) throw new UserError({ what: `the model ${info.model} does not say its ${name}`, fix: "train it again", exit: EXIT.badInput });
  return found;
}
