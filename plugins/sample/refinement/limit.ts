/**
 * τ, the limit of the refinement ("more than 50 % of their channels exceed the threshold"): a recipe's number, or chosen for the models at hand.
 *
 * The paper's 0.3 suits a flow that has converged. One that was trained briefly shrinks its latents, and then a lower limit keeps more of the true cells: how low is a property of the checkpoint.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { StageTask } from "../../../cli/plugin";
import { mean } from "../../models/api";
import type { StructureOptions, StructureRecipe } from "../options";

export const LIMIT_FILE = "refinement.json";

export const limitSchema = z.strictObject({
  version: z.literal(1),
  tau: z.number().min(0),
  /** `tuning`: by the curve; `training`: there was no tuning crop, and LatentSFM's own stands. */
  from: z.enum(["tuning", "training"]),
  crops: z.int(),
  /** Mean refined IoU³ over the tuning crops for each τ tried: drawn from their maps, from a view of each, and of both. */
  curve: z.array(z.strictObject({ tau: z.number(), iou3: z.number(), map: z.number().optional(), view: z.number().optional() })),
});
export type RefinementLimit = z.infer<typeof limitSchema>;

/**
 * Of the τ that do as well as the best within what the scenes can tell, the one nearest to the paper's 0.3: the curve is flat over much of its length and falls off steeply where strays are kept.
 * "As well" is the one-standard-error rule (Breiman et al., Classification and Regression Trees, 1984), paired over scenes.
 *
 * @param scenes IoU³ of each scene for each τ, [scenes][taus]
 */
export function bestLimit(taus: readonly number[], scenes: readonly (readonly number[])[]): number {
  if (taus.length === 0 || scenes.length === 0) throw new RangeError("bestLimit: no τ was tried");
  const means = taus.map((_, k) => mean(scenes.map((values) => values[k]!)));
  const best = means.indexOf(Math.max(...means));
  const asGood = taus.filter((_, k) => {
    const losses = scenes.map((values) => values[best]! - values[k]!);
    const loss = mean(losses);
    const error = Math.sqrt(mean(losses.map((value) => (value - loss) ** 2)) / Math.max(1, scenes.length - 1));
    return loss <= error;
  });
  return asGood.reduce((nearest, tau) => (Math.abs(tau - 0.3) < Math.abs(nearest - 0.3) ? tau : nearest));
}

/** The options with `auto` settled. @param trainedTau what LatentSFM was trained with */
export function withTau(structure: StructureRecipe, { inputs }: Pick<StageTask<unknown>, "inputs">, trainedTau: number): StructureOptions {
  if (structure.tau !== "auto") return { ...structure, tau: structure.tau };
  const tuned = inputs["tune-refinement"];
  return { ...structure, tau: tuned ? limitSchema.parse(JSON.parse(readFileSync(join(tuned.dir, LIMIT_FILE), "utf8"))).tau : trainedTau };
}
