/**
 * τ, the limit of the refinement ("more than 50 % of their channels exceed the threshold"): a recipe's number, or chosen for the models at hand.
 *
 * The paper's 0.3 suits a flow that has converged. One that was trained briefly shrinks its latents, and then a lower limit keeps more of the true cells: how low is a property of the checkpoint.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { StageTask } from "../../../cli/plugin";
import type { StructureOptions, StructureRecipe } from "../options";

export const LIMIT_FILE = "refinement.json";

export const limitSchema = z.strictObject({
  version: z.literal(1),
  tau: z.number().min(0),
  /** `tuning`: the best of the curve; `training`: there was no tuning crop, and LatentSFM's own stands. */
  from: z.enum(["tuning", "training"]),
  crops: z.int(),
  /** Mean refined IoU³ over the tuning crops for each τ tried. */
  curve: z.array(z.strictObject({ tau: z.number(), iou3: z.number() })),
});
export type RefinementLimit = z.infer<typeof limitSchema>;

/** The τ with the highest mean; of equals the one nearest to the paper's 0.3. */
export function bestLimit(curve: RefinementLimit["curve"]): number {
  const [first, ...others] = curve;
  if (!first) throw new RangeError("bestLimit: no τ was tried");
  const distance = ({ tau }: { tau: number }) => Math.abs(tau - 0.3);
  return others.reduce((best, one) => (one.iou3 > best.iou3 || (one.iou3 === best.iou3 && distance(one) < distance(best)) ? one : best), first).tau;
}

/** The options with `auto` settled. @param trainedTau what LatentSFM was trained with */
export function withTau(structure: StructureRecipe, { inputs }: Pick<StageTask<unknown>, "inputs">, trainedTau: number): StructureOptions {
  if (structure.tau !== "auto") return { ...structure, tau: structure.tau };
  const tuned = inputs["tune-refinement"];
  return { ...structure, tau: tuned ? limitSchema.parse(JSON.parse(readFileSync(join(tuned.dir, LIMIT_FILE), "utf8"))).tau : trainedTau };
}
