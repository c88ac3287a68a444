/** A resolved recipe written out as one: every stage with every option, on request with where each value was written. */
import { Document, isSeq, Pair, Scalar, YAMLMap, type YAMLSeq } from "yaml";
import { child, formatOrigin, type Node, toValue } from "./node";
import type { ResolvedRecipe, StageSpec, Variant } from "./recipe";

/** Keys of a stage that are the host's, where they are no option of its own. */
const HOST_KEYS = ["seed", "needs", "minutes", "retries"];

/** Where a value was written: `recipes/base/texvae.yaml:14:16, scale mini`, `--set train.steps`, `default`. */
export type Origins = (node: Node | undefined) => string;

export function originsOf({ overlays }: Pick<ResolvedRecipe, "overlays">): Origins {
  return (node) => {
    if (node === undefined) return "default";
    const overlay = overlays.get(node);
    return `${formatOrigin(node.origin)}${overlay === undefined ? "" : `, ${overlay}`}`;
  };
}

/** @returns a YAML document for each row of the matrix, and one where there is none; each is a recipe that resolves to the same stages */
export function showRecipe(recipe: ResolvedRecipe, origins: Origins | undefined, seedFlag: boolean): string {
  return recipe.variants.map((variant) => showVariant(recipe, variant, origins, seedFlag)).join("---\n");
}

function showVariant(recipe: ResolvedRecipe, variant: Variant, origins: Origins | undefined, seedFlag: boolean): string {
  const { head, placeFile, placeStage, stages } = variant;
  const written = (key: string) => head.entries.get(key);
  const document = new Document(new YAMLMap());
  const put = (key: string, node: unknown) => document.add(new Pair(key, node));
  put("title", leaf(recipe.title, written("title"), origins));
  const seed = leaf(variant.seed, written("seed"), origins);
  if (origins !== undefined && seedFlag) seed.comment = " --seed";
  put("seed", seed);
  if (placeFile !== undefined) put("place", leaf(placeFile, written("place"), origins));
  if (placeStage !== undefined) put("place", stageNode(placeStage, placeStage.stage.name, origins));
  put("stages", document.createNode(stages.map((spec) => stageNode(spec, spec.id, origins))));
  const scale = recipe.scale === undefined ? "" : ` at scale ${recipe.scale}`;
  const row = variant.id === undefined ? "" : `, row ${variant.id}`;
  document.commentBefore = ` ${recipe.name}.yaml${scale}${row}: every option of every stage.`;
  return document.toString({ lineWidth: 0 });
}

/** `{ id: { stage: name, … } }` */
function stageNode({ stage, id, options, written }: StageSpec, key: string, origins: Origins | undefined): YAMLMap {
  const inner = mapNode(options, written, origins);
  const host = HOST_KEYS.filter((name) => written.entries.has(name) && !Object.hasOwn(stage.options.shape, name));
  for (const name of host.reverse())
    inner.items.unshift(new Pair(name, anyNode(toValue(written.entries.get(name)!), written.entries.get(name), origins)));
  if (key !== stage.name && id !== "place") inner.items.unshift(new Pair("stage", new Scalar(stage.name)));
  const outer = new YAMLMap();
  outer.add(new Pair(key, inner));
  return outer;
}

function anyNode(value: unknown, written: Node | undefined, origins: Origins | undefined): YAMLMap | ReturnType<typeof leaf> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return leaf(value, written, origins);
  return mapNode(value as Record<string, unknown>, written, origins);
}

function mapNode(values: Record<string, unknown>, written: Node | undefined, origins: Origins | undefined): YAMLMap {
  const map = new YAMLMap();
  const present = Object.entries(values).filter(([, value]) => value !== undefined);
  for (const [name, value] of present) map.add(new Pair(name, anyNode(value, written === undefined ? undefined : child(written, name), origins)));
  if (present.length === 0) map.flow = true;
  return map;
}

/** Numbers, text and lists stand on one line, with their origin behind them. */
function leaf(value: unknown, written: Node | undefined, origins: Origins | undefined) {
  const node = new Document(value).contents as Scalar | YAMLSeq;
  if (isSeq(node)) node.flow = true;
  if (origins !== undefined) node.comment = ` ${origins(written)}`;
  return node;
}

/** The same as data: `train-texvae.training.steps` → where it was written. */
export function originTable(recipe: ResolvedRecipe): Record<string, string> {
  const origins = originsOf(recipe);
  const walk = (path: string, value: unknown, written: Node | undefined): [string, string][] =>
    typeof value !== "object" || value === null || Array.isArray(value)
      ? [[path, origins(written)]]
      : Object.entries(value).flatMap(([name, inner]) => walk(`${path}.${name}`, inner, written === undefined ? undefined : child(written, name)));
  return Object.fromEntries(
    recipe.variants.flatMap(({ id, placeStage, stages }) =>
      [...(placeStage === undefined ? [] : [placeStage]), ...stages].flatMap((spec) =>
        walk(id === undefined ? spec.id : `${spec.id}@${id}`, spec.options, spec.written),
      ),
    ),
  );
}
