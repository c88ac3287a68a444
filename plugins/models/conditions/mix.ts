/** Which condition a training sample gets (DESIGN §4): an image, the semantic map, or none. */
import { z } from "zod";
import type { Draws } from "./voxel-set";

export const conditionMix = z
  .strictObject({
    image: z.number().min(0).max(1).default(0.45),
    semantic: z.number().min(0).max(1).default(0.45),
    none: z.number().min(0).max(1).default(0.1),
  })
  .refine((mix) => Math.abs(mix.image + mix.semantic + mix.none - 1) < 1e-6, { error: "image + semantic + none must be 1" });
export type ConditionMix = z.infer<typeof conditionMix>;
export type ConditionKind = keyof ConditionMix;

export function drawCondition(mix: ConditionMix, draws: Draws): ConditionKind {
  const u = draws.uniform(1)[0]!;
  if (u < mix.image) return "image";
  return u < mix.image + mix.semantic ? "semantic" : "none";
}
