/**
 * What two scales of one recipe may differ in: `mini` shrinks sizes and steps and changes nothing else, or a result of `mini` would say nothing about `paper`.
 *
 * `recipes/base/mini-keys.yaml` lists the keys: `keys: [train-*.steps, "*.model.width"]`; the first step is a stage's id or name, `*` stands for any part of a step, and a listed key covers all below it.
 */
import type { ResolvedRecipe, StageSpec } from "./recipe";

/** A path as its dotted names: `train-texvae.model.width`. */
type Leaf = [path: string, value: unknown];

function leaves(value: unknown, path: string): Leaf[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [[path, value]];
  const entries = Object.entries(value);
  return entries.length === 0 ? [[path, value]] : entries.flatMap(([key, inner]) => leaves(inner, `${path}.${key}`));
}

const stagesOf = ({ variants }: ResolvedRecipe) =>
  new Map(variants.flatMap((variant) => variant.stages.map((spec): [string, StageSpec] => [spec.id, spec])));

/** Paths of the stage options in which two resolutions of a recipe differ; a stage that only one has is its id alone. */
export function scaleDifferences(a: ResolvedRecipe, b: ResolvedRecipe): string[] {
  const [ours, theirs] = [stagesOf(a), stagesOf(b)];
  return [...new Set([...ours.keys(), ...theirs.keys()])].flatMap((id) => {
    const [left, right] = [ours.get(id), theirs.get(id)];
    if (left === undefined || right === undefined) return [id];
    const [from, to] = [new Map(leaves(left.options, id)), new Map(leaves(right.options, id))];
    return [...new Set([...from.keys(), ...to.keys()])].filter((path) => JSON.stringify(from.get(path)) !== JSON.stringify(to.get(path)));
  });
}

function covers(pattern: string, path: string): boolean {
  const steps = path.split(".");
  return pattern.split(".").every((step, i) => steps[i] !== undefined && new RegExp(`^${step.replaceAll("*", "[^.]*")}$`).test(steps[i]));
}

/** The differences that no pattern covers. */
export function forbiddenDifferences(a: ResolvedRecipe, b: ResolvedRecipe, patterns: readonly string[]): string[] {
  const names = new Map([...stagesOf(a), ...stagesOf(b)].map(([id, { stage }]) => [id, stage.name]));
  return scaleDifferences(a, b).filter((path) => {
    const [id, ...rest] = path.split(".");
    const byName = [names.get(id!)!, ...rest].join(".");
    return !patterns.some((pattern) => covers(pattern, path) || covers(pattern, byName));
  });
}
