/** Turns a recipe into a list of stages with keys, folders and bound inputs, in an order in which they can run. Reads the user's files, writes nothing. */
import { join } from "node:path";
import { contentHash } from "../config/hash";
import { bindNeeds } from "../config/needs";
import type { ResolvedRecipe, StageSpec, Variant } from "../config/recipe";
import type { InputHashes } from "./inputs";

export interface PlannedStage extends Omit<StageSpec, "needs"> {
  /** Hash of everything that decides its outputs. */
  key: string;
  /** Absolute folder of its outputs. */
  dir: string;
  /** In the order of the stage's `needs`; one entry an instance. */
  needs: { need: string; from: PlannedStage }[];
  /** The stage that makes the place, when it is one. */
  placeFrom?: PlannedStage;
  placeFile?: string;
  variant?: string;
  minutes: number;
}

export interface Plan {
  runDir: string;
  stages: PlannedStage[];
}

export async function makePlan(recipe: ResolvedRecipe, runDir: string, hashes: InputHashes): Promise<Plan> {
  const byVariant: PlannedStage[][] = [];
  for (const variant of recipe.variants) byVariant.push(await planVariant(variant, runDir, hashes));

  // A matrix shares what its rows have in common: equal keys are one stage.
  const stages: PlannedStage[] = [];
  const shared = new Map<string, PlannedStage>();
  for (const list of byVariant)
    for (const planned of list) {
      planned.needs = planned.needs.map(({ need, from }) => ({ need, from: shared.get(`${from.id} ${from.key}`) ?? from }));
      const same = shared.get(`${planned.id} ${planned.key}`);
      if (same !== undefined) continue;
      shared.set(`${planned.id} ${planned.key}`, planned);
      stages.push(planned);
    }
  for (const planned of stages) {
    const namesakes = stages.filter(({ id }) => id === planned.id);
    if (namesakes.length === 1) delete planned.variant;
  }
  for (const planned of stages) {
    if (planned.variant !== undefined) planned.id = `${planned.id}@${planned.variant}`;
    planned.dir = join(runDir, planned.id);
  }
  return { runDir, stages };
}

async function planVariant(variant: Variant, runDir: string, hashes: InputHashes): Promise<PlannedStage[]> {
  const placeHash = variant.placeFile === undefined ? undefined : await hashes.hashPlace(variant.placeFile);
  const done: PlannedStage[] = [];
  const place = variant.placeStage === undefined ? undefined : plan(variant.placeStage, [], undefined);
  if (place !== undefined) done.push(place);

  for (const spec of variant.stages) done.push(plan(spec, bindNeeds(spec, done), place));
  return done;

  function plan(spec: StageSpec, needs: PlannedStage["needs"], placeFrom: PlannedStage | undefined): PlannedStage {
    const idle = new Set<string>(spec.stage.idleOptions ?? []);
    const files = new Map(spec.files.map((file) => [file, `file:${hashes.hash(file, `the file of ${spec.id}`)}`]));
    const counted = Object.fromEntries(Object.entries(spec.options).filter(([name]) => !idle.has(name)));
    const options: unknown = JSON.parse(JSON.stringify(counted), (_, value: unknown) =>
      typeof value === "string" ? (files.get(value) ?? value) : value,
    );
    const root = needs.length === 0 ? { place: placeFrom?.key ?? placeHash } : {};
    const key = contentHash({
      stage: spec.stage.name,
      version: spec.stage.version,
      options,
      seed: spec.seed,
      needs: needs.map(({ need, from }) => [need, from.id, from.key]),
      ...root,
    });
    return {
      ...spec,
      key,
      dir: join(runDir, spec.id),
      needs,
      ...(placeFrom === undefined ? {} : { placeFrom }),
      ...(variant.placeFile === undefined ? {} : { placeFile: variant.placeFile }),
      ...(variant.id === undefined ? {} : { variant: variant.id }),
    };
  }
}
