/** Turns a recipe into a list of stages with keys, folders and bound inputs, in an order in which they can run. Reads the user's files, writes nothing. */
import { join } from "node:path";
import { contentHash } from "../config/hash";
import type { ResolvedRecipe, StageSpec, Variant } from "../config/recipe";
import { EXIT, UserError } from "../errors";
import { suggestion } from "../suggest";
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

  for (const spec of variant.stages) done.push(plan(spec, bind(spec, done), place));
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

const answers = (planned: PlannedStage, name: string): boolean => planned.stage.name === name || (planned.stage.aliases?.includes(name) ?? false);

/** Which earlier stages answer the needs of `spec`. */
function bind(spec: StageSpec, earlier: readonly PlannedStage[]): PlannedStage["needs"] {
  const wanted = spec.stage.needs ?? [];
  for (const named of Object.keys(spec.needs))
    if (!wanted.some((need) => need.replace(/[?*]$/, "") === named.replace(/[?*]$/, "")))
      throw new UserError({
        what: `the stage "${spec.stage.name}" does not need "${named}"`,
        where: `${spec.id}.needs`,
        fix: suggestion(named, wanted),
        exit: EXIT.usage,
      });
  return wanted.flatMap((need) => {
    const name = need.replace(/[?*]$/, "");
    const told = spec.needs[name] ?? spec.needs[need];
    if (told !== undefined)
      return told.map((id) => {
        const from = earlier.find((planned) => planned.id === id);
        if (from !== undefined) return { need, from };
        const known = earlier.map((planned) => planned.id);
        throw new UserError({
          what: `no stage before it is called "${id}"`,
          where: `${spec.id}.needs.${name}`,
          fix: suggestion(id, known),
          exit: EXIT.usage,
        });
      });
    const found = earlier.filter((planned) => planned.id === name || answers(planned, name));
    if (need.endsWith("*")) return found.map((from) => ({ need, from }));
    const exact = found.find(({ id }) => id === name) ?? found.at(-1);
    if (exact !== undefined) return [{ need, from: exact }];
    if (need.endsWith("?")) return [];
    throw new UserError({
      what: `the stage "${spec.id}" needs "${name}", and no stage before it is one`,
      fix: `put \`- ${name}\` before it in \`stages\``,
      exit: EXIT.usage,
    });
  });
}
