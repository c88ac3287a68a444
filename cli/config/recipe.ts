/**
 * A recipe, resolved: which stages run with which options.
 *
 * Layers, each over the one before: what `extends` names < the recipe's own top-level keys < options beside a stage in `stages` < the `scale` section < the matrix row < `--set`.
 * In every layer but `stages`, a key names a stage's id, else a stage, else an option that several stages share (`voxel_m`).
 */
import { basename, dirname, resolve } from "node:path";
import { EXIT, UserError } from "../errors";
import type { Stage } from "../plugin";
import { suggestion } from "../suggest";
import { contentHash } from "./hash";
import { asCount, asDuration, asMap, asText, chooseScale, readLayers, wrong } from "./layers";
import { emptyMap, formatOrigin, type MapNode, mergeMaps, type Node, nodesOf, toValue } from "./node";
import { checkOptions, expectedMinutes } from "./options";
import { type Problem, Problems } from "./problems";
import { parseSet } from "./set";

/** Finds stages by name or alias, and knows the metrics; the plugin host is one. */
export interface StageSource {
  stageNames(): string[];
  stage(name: string): Promise<Stage | undefined>;
  metricNames(): string[];
}

/** One stage of a recipe, with everything but the keys of its inputs. */
export interface StageSpec {
  id: string;
  stage: Stage;
  options: Record<string, unknown>;
  /** The user's own files among the options, absolute. */
  files: string[];
  seed: number;
  minutes: number;
  retries: number;
  /** `needs` of the recipe: need → id or ids, instead of the nearest. */
  needs: Record<string, string[]>;
  /** All that the layers say of it, with where each value was written. */
  written: MapNode;
  /** Where it stands in the recipe: `recipe.yaml:12:5`. */
  where: string;
}

export interface Variant {
  /** Row of the matrix; undefined where there is none. */
  id?: string;
  seed: number;
  /** The layers over each other: for the keys that belong to no stage. */
  head: MapNode;
  /** The place, when a stage makes it. */
  placeStage?: StageSpec;
  /** The place, when it is a file: absolute path of `place.yaml`. */
  placeFile?: string;
  stages: StageSpec[];
}

export interface ResolvedRecipe {
  path: string;
  /** File name without `.yaml`. */
  name: string;
  title: string;
  scale?: string;
  seed: number;
  /** What folders are named after: the place's folder, or the stage that makes it. */
  placeLabel: string;
  variants: Variant[];
  /** What was written for a scale or a row of the matrix only → its name: `scale mini`. */
  overlays: ReadonlyMap<Node, string>;
  /** As plain data, for `run.json`. */
  value: Record<string, unknown>;
  hash: string;
}

export interface RecipeRequest {
  path: string;
  cwd: string;
  scale?: string;
  seed?: number;
  set?: readonly string[];
}

const TOP = ["title", "description", "paper", "place", "seed", "stages", "scale", "default_scale", "matrix", "report"];
const ROW = ["id", "paper", "place", "seed"];

export async function resolveRecipe(request: RecipeRequest, source: StageSource): Promise<ResolvedRecipe> {
  const path = resolve(request.cwd, request.path);
  const top = readLayers(path, request.cwd);
  const sets = mergeMaps(...(request.set ?? []).map((text) => parseSet(text, request.cwd)));
  const withSets = mergeMaps(top, sets.entries.size === 0 ? undefined : sets);
  const scale = chooseScale(withSets, request.scale);
  const matrix = withSets.entries.get("matrix");
  const rows = matrix === undefined ? [undefined] : matrixRows(matrix);

  const problems = new Problems();
  const variants: Variant[] = [];
  for (const row of rows) {
    const resolver = new VariantResolver(source, [top, scale?.overlay, row?.overlay, sets.entries.size === 0 ? undefined : sets], request.seed);
    const variant = await problems.keep(() => resolver.resolve());
    if (variant !== undefined) variants.push({ ...(row === undefined ? {} : { id: row.id }), ...variant });
  }
  problems.throwIfAny();

  const title = withSets.entries.get("title");
  const seed = request.seed ?? seedOf(mergeMaps(top, scale?.overlay, sets));
  const first = variants[0]!;
  const value = plain(withSets, variants, seed, scale?.name);
  return {
    path,
    name: basename(path).replace(/\.ya?ml$/, ""),
    title: title === undefined ? basename(path) : asText(title, "title"),
    ...(scale === undefined ? {} : { scale: scale.name }),
    seed,
    placeLabel: placeLabel(first),
    variants,
    overlays: new Map([
      ...(scale === undefined ? [] : nodesOf(scale.overlay).map((node) => [node, `scale ${scale.name}`] as const)),
      ...rows.flatMap((row) => (row === undefined ? [] : nodesOf(row.overlay).map((node) => [node, `row ${row.id}`] as const))),
    ]),
    value,
    hash: contentHash(value.variants),
  };
}

function seedOf(tree: MapNode): number {
  const node = tree.entries.get("seed");
  return node === undefined ? 0 : asCount(node, "seed");
}

function placeLabel({ placeFile, placeStage }: Variant): string {
  if (placeStage !== undefined) return placeStage.stage.name;
  if (placeFile === undefined) return "no-place";
  const stem = basename(placeFile).replace(/\.ya?ml$/, "");
  return (stem === "place" ? basename(dirname(placeFile)) : stem).replace(/[^\w.-]+/g, "-");
}

function matrixRows(matrix: Node): { id: string; overlay: MapNode }[] {
  if (matrix.kind !== "list" || matrix.items.length === 0) throw wrong(matrix, "matrix must be a list of rows");
  const seen = new Set<string>();
  return matrix.items.map((item) => {
    const overlay = asMap(item, "a row of the matrix");
    const idNode = overlay.entries.get("id");
    if (idNode === undefined) throw wrong(item, "a row of the matrix needs an id");
    const id = asText(idNode, "id");
    if (!/^[\w.-]+$/.test(id)) throw wrong(idNode, `"${id}" cannot be a row's id: letters, digits, ".", "_" and "-" only`);
    if (seen.has(id)) throw wrong(idNode, `two rows are called "${id}"`);
    seen.add(id);
    return { id, overlay };
  });
}

/** One row (or the only one): finds the stages and spreads every layer's keys over them. */
class VariantResolver {
  readonly #used = new Set<Node>();
  readonly #head: MapNode;
  /** Stages that are named, and those of them whose name is one. */
  #asked = 0;
  readonly #found: { id: string; stage: Stage }[] = [];

  constructor(
    readonly source: StageSource,
    readonly layers: readonly (MapNode | undefined)[],
    readonly seed: number | undefined,
  ) {
    this.#head = mergeMaps(...layers);
  }

  async resolve(): Promise<Omit<Variant, "id">> {
    const problems = new Problems();
    const place = await problems.keep(() => this.#place());
    const stages = this.#head.entries.get("stages");
    if (stages === undefined || stages.kind !== "list") throw wrong(stages ?? this.#head, "a recipe needs `stages`, a list");
    const specs: StageSpec[] = [];
    for (const item of stages.items)
      await problems.keep(async () => {
        const spec = await this.#spec(item);
        if (spec.id === "place" || specs.some(({ id }) => id === spec.id))
          throw wrong(item, `two stages are called "${spec.id}"`, `give one another name: { ${spec.id}-2: { stage: ${spec.stage.name}, … } }`);
        specs.push(spec);
      });
    // What is said of a stage whose name is wrong would be told a second time.
    if (this.#found.length === this.#asked) problems.add(...this.#unused());
    problems.throwIfAny();
    return { ...place, seed: this.seed ?? seedOf(this.#head), head: this.#head, stages: specs };
  }

  async #place(): Promise<{ placeFile?: string; placeStage?: StageSpec }> {
    const node = this.#head.entries.get("place");
    if (node === undefined || (node.kind === "scalar" && node.value === null)) return {};
    const isStage = node.kind === "map" || (node.kind === "scalar" && (await this.source.stage(asText(node, "place"))) !== undefined);
    if (isStage) return { placeStage: await this.#spec(node, "place") };
    const path = resolve(node.origin.base, asText(node, "place"));
    return { placeFile: /\.ya?ml$/.test(path) ? path : resolve(path, "place.yaml") };
  }

  /** `name`, `{ name: options }` or `{ id: { stage: name, … } }` */
  async #spec(item: Node, forcedId?: string): Promise<StageSpec> {
    this.#asked += 1;
    let id: string;
    let inline: Node;
    if (item.kind === "scalar") {
      id = asText(item, "a stage");
      inline = emptyMap(item.origin);
    } else {
      const map = asMap(item, "a stage");
      const [first, second] = [...map.entries];
      if (first === undefined || second !== undefined) throw wrong(item, "a stage is one name and its options", "write `- train: { steps: 400 }`");
      [id, inline] = first;
      if (inline.kind === "scalar" && inline.value === null) inline = emptyMap(inline.origin);
    }
    if (!/^[a-z0-9][\w.-]*$/i.test(id)) throw wrong(item, `"${id}" cannot be a stage's name: letters, digits, ".", "_" and "-" only`);
    const own = asMap(inline, id);
    const stageNode = own.entries.get("stage");
    const name = stageNode === undefined ? id : asText(stageNode, "stage");
    const stage = await this.source.stage(name);
    if (stage === undefined) {
      const at = stageNode ?? (item.kind === "map" ? inline : item);
      throw new UserError({
        what: `there is no stage "${name}"`,
        where: formatOrigin(at.key ?? at.origin),
        fix: suggestion(name, this.source.stageNames()),
        exit: EXIT.usage,
      });
    }
    return this.#build(forcedId ?? id, id, stage, own, formatOrigin(item.key ?? item.origin));
  }

  #build(id: string, alias: string, stage: Stage, own: MapNode, where: string): StageSpec {
    const [top, ...over] = this.layers;
    const spread = (layer: MapNode | undefined) =>
      layer === undefined ? [] : this.#keysFor(layer, new Set([stage.name, ...(stage.aliases ?? [])]), new Set([id, alias]), stage);
    const merged = mergeMaps(...spread(top), own, ...over.flatMap(spread));
    this.#found.push({ id, stage });
    const entries = new Map(merged.entries);
    const isOption = (name: string) => Object.hasOwn(stage.options.shape, name);
    const host = (name: string): Node | undefined => {
      if (isOption(name)) return undefined;
      const node = entries.get(name);
      entries.delete(name);
      return node;
    };
    host("stage");
    const [needs, minutes, retries, seed] = [host("needs"), host("minutes"), host("retries"), host("seed")];
    const { options, files } = checkOptions(stage, id, { ...merged, entries }, this.source.metricNames());
    return {
      id,
      stage,
      options,
      files,
      seed: seed === undefined ? (this.seed ?? seedOf(this.#head)) : asCount(seed, "seed"),
      minutes: minutes === undefined ? expectedMinutes(stage, options) : asDuration(minutes, "minutes"),
      retries: retries === undefined ? 0 : asCount(retries, "retries"),
      needs: needs === undefined ? {} : needsOf(asMap(needs, "needs")),
      written: merged,
      where,
    };
  }

  /** What a layer says of one stage: shared options, then by the stage's name, then by its id. */
  #keysFor(layer: MapNode, names: ReadonlySet<string>, ids: ReadonlySet<string>, stage: Stage): MapNode[] {
    const shared = emptyMap(layer.origin);
    const byName: MapNode[] = [];
    const byId: MapNode[] = [];
    for (const [key, node] of layer.entries) {
      const named = names.has(key);
      if (TOP.includes(key) && !(named && node.kind === "map" && key !== "place")) continue;
      if (key === "id" && layer === this.layers[2]) continue; // the row's own
      if (named || (ids.has(key) && key !== "place")) (ids.has(key) && !named ? byId : byName).push(asMap(node, key));
      else if (Object.hasOwn(stage.options.shape, key)) shared.entries.set(key, node);
      else continue;
      this.#used.add(node);
    }
    return [shared, ...byName, ...byId];
  }

  /** Names of stages that some layer makes the place with: what is said of them may be idle where another place replaced theirs. */
  #placeNames(): Set<string> {
    const nodes = this.layers.flatMap((layer) => layer?.entries.get("place") ?? []);
    return new Set(nodes.flatMap((node) => (node.kind === "map" ? [...node.entries.keys()] : node.kind === "scalar" ? [String(node.value)] : [])));
  }

  #unused(): Problem[] {
    const placeNames = this.#placeNames();
    const known = new Set([...TOP, ...this.#found.flatMap(({ id, stage }) => [id, stage.name, ...Object.keys(stage.options.shape)])]);
    return this.layers.flatMap((layer, i) =>
      [...(layer?.entries ?? [])].flatMap(([key, node]) =>
        this.#used.has(node) || TOP.includes(key) || placeNames.has(key) || (i === 2 && ROW.includes(key))
          ? []
          : [
              {
                what: `no stage and no option of this recipe is called "${key}"`,
                where: formatOrigin(node.key ?? node.origin, [key]),
                fix: suggestion(key, known),
              },
            ],
      ),
    );
  }
}

function needsOf(map: MapNode): Record<string, string[]> {
  return Object.fromEntries(
    [...map.entries].map(([need, node]) => [need, node.kind === "list" ? node.items.map((item) => asText(item, need)) : [asText(node, need)]]),
  );
}

function plainSpec({ id, stage, options, seed, needs }: StageSpec): Record<string, unknown> {
  return { id, stage: stage.name, options, seed, ...(Object.keys(needs).length === 0 ? {} : { needs }) };
}

function plain(top: MapNode, variants: readonly Variant[], seed: number, scale: string | undefined): Record<string, unknown> {
  const kept = ["title", "description", "paper", "report", "matrix"].flatMap((key) => {
    const node = top.entries.get(key);
    return node === undefined ? [] : [[key, toValue(node)] as const];
  });
  return {
    ...Object.fromEntries(kept),
    ...(scale === undefined ? {} : { scale }),
    seed,
    variants: variants.map(({ id, placeFile, placeStage, stages }) => ({
      ...(id === undefined ? {} : { id }),
      ...(placeFile === undefined ? {} : { place: placeFile }),
      ...(placeStage === undefined ? {} : { place: plainSpec(placeStage) }),
      stages: stages.map(plainSpec),
    })),
  };
}
