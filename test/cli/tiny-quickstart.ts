/** The quickstart at the smallest size that still goes through every stage: few sites, few steps, short sampling. */
import { join } from "node:path";
import { programRoot } from "../../cli/io";

/** Steps of each training. */
export const TINY_STEPS = { structvae: 60, texvae: 10, classsfm: 3, latentsfm: 3, texfm: 3 };
const short = ["structure.flow.steps=2", "structure.latentFlow.steps=2", "texture.flow.steps=2"];
/** The `--set` flags. */
export const TINY_SET = [
  "sites.site_count=4", // the least of which one is held out whole: nine crops to measure
  "split.tuning_sites=1",
  "viewpoints.top.per_square=2",
  "viewpoints.adalevel.levels=2",
  "encode-latents.symmetries=1",
  ...Object.entries(TINY_STEPS).map(([model, steps]) => `train-${model}.training.steps=${steps}`),
  ...Object.keys(TINY_STEPS).map((model) => `train-${model}.validationCrops=1`),
  ...["classsfm", "latentsfm", "texfm"].map((model) => `train-${model}.flow.steps=2`),
  ...["sample", "extend", "evaluate"].flatMap((stage) => short.map((set) => `${stage}.${set}`)),
  ...short.slice(0, 2).map((set) => `tune-refinement.${set}`),
  "evaluate.crops=2",
].flatMap((text) => ["--set", text]);

/** Arguments of the program. @param out the run folder */
export const tinyQuickstart = (out: string): string[] => ["run", join(programRoot, "recipes", "quickstart.yaml"), "--out", out, ...TINY_SET];
