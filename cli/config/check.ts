/** Looks a recipe through at every scale it has, without reading the user's data: what would run, and all that is wrong. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { EXIT, type ExitCode } from "../errors";
import { chooseScale, readLayers, scaleNames } from "./layers";
import { bindNeeds } from "./needs";
import { formatOrigin, type MapNode, nodesOf } from "./node";
import { type Problem, Problems } from "./problems";
import { type RecipeRequest, type ResolvedRecipe, resolveRecipe, type StageSource, type StageSpec, type Variant } from "./recipe";

export interface CheckedStage {
  id: string;
  /** Name of the stage that it is an instance of. */
  stage: string;
  /** Row of the matrix. */
  row?: string;
  /** Ids of the stages whose outputs it reads. */
  reads: string[];
  minutes: number;
}

export interface CheckedRecipe {
  title: string;
  /** All that the recipe has. */
  scales: string[];
  /** The one that would run. */
  scale?: string;
  stages: CheckedStage[];
  minutes: number;
  problems: Problem[];
  /** What `run` would exit with. */
  exit: ExitCode;
}

export async function checkRecipe(request: RecipeRequest, source: StageSource): Promise<CheckedRecipe> {
  const wrong = new Problems();
  const missing = new Problems();
  const top = await wrong.keep(() => readLayers(resolve(request.cwd, request.path), request.cwd));
  const scales = top === undefined ? [] : ((await wrong.keep(() => scaleNames(top))) ?? []);
  const runs = top === undefined ? undefined : await wrong.keep(() => chooseScale(top, request.scale));
  const asked = request.scale === undefined ? scales : [request.scale];

  let shown: ResolvedRecipe | undefined;
  for (const scale of asked.length === 0 ? [undefined] : asked) {
    if (top === undefined) break;
    const recipe = await wrong.keep(() => resolveRecipe({ ...request, ...(scale === undefined ? {} : { scale }) }, source));
    if (recipe === undefined) continue;
    if (scale === runs?.name) shown = recipe;
    for (const variant of recipe.variants) {
      for (const [spec, earlier] of inOrder(variant)) await wrong.keep(() => bindNeeds(spec, earlier));
      missing.add(...missingFiles(variant));
    }
  }
  const problems = [...wrong.list, ...missing.list];
  const stages = problems.length > 0 || shown === undefined ? [] : shown.variants.flatMap(stagesOf);
  return {
    title: shown?.title ?? request.path,
    scales,
    ...(runs === undefined ? {} : { scale: runs.name }),
    stages,
    minutes: stages.reduce((sum, { minutes }) => sum + minutes, 0),
    problems,
    exit: wrong.list.length > 0 ? EXIT.usage : missing.list.length > 0 ? EXIT.badInput : EXIT.done,
  };
}

/** Every stage with those before it. */
function inOrder({ placeStage, stages }: Variant): [StageSpec, StageSpec[]][] {
  const all = placeStage === undefined ? stages : [placeStage, ...stages];
  return all.map((spec, i) => [spec, all.slice(0, i)]);
}

function stagesOf(variant: Variant): CheckedStage[] {
  return inOrder(variant).map(([spec, earlier]) => ({
    id: spec.id,
    stage: spec.stage.name,
    ...(variant.id === undefined ? {} : { row: variant.id }),
    reads: bindNeeds(spec, earlier).map(({ from }) => from.id),
    minutes: spec.minutes,
  }));
}

/** Files of the user's that a recipe names and that are not there. */
function missingFiles({ head, placeFile, placeStage, stages }: Variant): Problem[] {
  const told = (file: string, written: MapNode, key: string): Problem => {
    const node = nodesOf(written).find(({ origin, ...rest }) => rest.kind === "scalar" && resolve(origin.base, String(rest.value)) === file);
    return { what: `there is no file ${file}`, where: node === undefined ? key : formatOrigin(node.origin, [key]) };
  };
  const absent = (spec: StageSpec) => spec.files.filter((file) => !existsSync(file)).map((file) => told(file, spec.written, spec.id));
  const place = placeFile === undefined || existsSync(placeFile) ? [] : [placeProblem(placeFile, head)];
  return [...place, ...(placeStage === undefined ? [] : absent(placeStage)), ...stages.flatMap(absent)];
}

function placeProblem(file: string, head: MapNode): Problem {
  const node = head.entries.get("place");
  return {
    what: `there is no file ${file}`,
    ...(node === undefined ? {} : { where: formatOrigin(node.origin, ["place"]) }),
    fix: "name a place.yaml, or a folder that holds one",
  };
}
