/** What the flows are told of a held-out crop: the truth about it, something else, or nothing. */
import { scope, uniform } from "../../../ffi";
import type { Dataset } from "../../dataset/api";
import { type ConditionInput, type CropWindow, conditionOf, cropWindow } from "../../sample/api";

/** `shuffled_map` is the control of ClassSFM: a second wrong map, which has to be as wrong as the first. */
export const CONDITIONS = ["own_map", "other_map", "own_view", "nothing", "shuffled_map"] as const;
export type Condition = (typeof CONDITIONS)[number];

export const CONDITION_NAMES: Record<Condition, string> = {
  own_map: "its own map",
  other_map: "another site's map",
  own_view: "one RGBD view of it",
  nothing: "nothing",
  shuffled_map: "maps shuffled once more (control)",
};

/** Crops whose maps stand in for a crop's own; absent where there are too few crops. */
export interface Partners {
  other: string | undefined;
  shuffled: string | undefined;
}

/**
 * Two wrong maps for each crop, of crops of the next site; with a single site, of its other crops. Which they are is chance: crops at the same place in two sites are alike where land slopes the same way, and one wrong map must be as wrong as
 * the other for the control to mean something. Between sites of equally many crops both are permutations.
 */
export function partnersOf(crops: readonly { id: string; site: string }[], seed: number): Map<string, Partners> {
  const sites = [...Map.groupBy(crops, ({ site }) => site).values()].map((own, index) => inRandomOrder(own, { seed, index }));
  const partners = new Map<string, Partners>();
  for (const [s, own] of sites.entries())
    for (const [k, { id }] of own.entries()) {
      const next = sites[(s + 1) % sites.length]!;
      const first = sites.length > 1 ? k : k + 1;
      const [other, shuffled] = [next[first % next.length]!.id, next[(first + 1) % next.length]!.id];
      partners.set(id, { other: other === id ? undefined : other, shuffled: shuffled === id || shuffled === other ? undefined : shuffled });
    }
  return partners;
}

function inRandomOrder<T>(items: readonly T[], { seed, index }: { seed: number; index: number }): T[] {
  const chance = scope(() => uniform([items.length], { seed, purpose: "condition", index }).toArray());
  return [...items.keys()].sort((a, b) => chance[a]! - chance[b]!).map((i) => items[i]!);
}

/** Null where there is no such condition for the crop. */
export async function inputOf(
  condition: Condition,
  dataset: Dataset,
  window: CropWindow,
  { other, shuffled }: Partners,
): Promise<ConditionInput | null> {
  if (condition === "own_map") return conditionOf(dataset, window, "semantic");
  if (condition === "nothing") return conditionOf(dataset, window, "none");
  if (condition === "own_view") return window.sample.record.views.length > 0 ? conditionOf(dataset, window, "image") : null;
  const id = condition === "other_map" ? other : shuffled;
  return id === undefined ? null : conditionOf(dataset, await cropWindow(dataset, id, window.extent), "semantic");
}
