/** `split.json`: which samples there are and what each is for. Folders are relative to the file, so that a run folder can be moved. */
import { z } from "zod";

export const SPLIT_FILE = "split.json";

/** `tuning`: crops that neither train a model nor measure one; numbers that a run chooses for itself are chosen on them. */
export const splitNames = ["train", "tuning", "validation", "unused"] as const;
export type SplitName = (typeof splitNames)[number];

export const splitSchema = z.strictObject({
  version: z.literal(1),
  /** `sites`: whole sites are held out; `crop`: one crop, and the crops that touch it are unused; `height-groups`: the paper's; `none`: too few crops to hold one out, so those that train validate too. */
  policy: z.enum(["sites", "crop", "height-groups", "none"]),
  seed: z.int(),
  extractor: z.string(),
  cells: z.int().positive(),
  sites: z.array(
    z.strictObject({
      id: z.string(),
      held_out: z.boolean(),
      /** Set aside for tuning; data sets of before there was that have none. */
      tuning: z.boolean().default(false),
      views_dir: z.string(),
    }),
  ),
  samples: z.array(
    z.strictObject({
      id: z.string(),
      site: z.string(),
      split: z.enum(splitNames),
      dir: z.string(),
      voxels: z.int(),
      height_cells: z.int(),
      /** Why it is unused. */
      reason: z.enum(["too smooth", "too high", "touches the validation crop"]).optional(),
      /** Which of the height groups, in that policy. */
      group: z.int().optional(),
    }),
  ),
});

export type SplitIndex = z.infer<typeof splitSchema>;
