import { z } from "zod";

/** Recipe keys of the stage `split`. */
export const splitOptions = z.strictObject({
  /** `sites`: whole sites are held out; `crop`: one crop; `height-groups`: the paper's; `auto`: by the number of sites and samples. */
  policy: z.enum(["auto", "sites", "crop", "height-groups"]).default("auto"),
  /** t_h and t_g of the data filter ("Data Filter"): a crop with voxels higher than this above its floor, or with a smaller mean slope, is left out. */
  highest_m: z.number().positive().default(400),
  least_gradient: z.number().min(0).default(0.02),
  /** Sites held out whole; without it 2 of 9 or more, else 1. */
  held_out_sites: z.int().min(1).optional(),
  /** Sites set aside for tuning, on which a run chooses numbers such as the refinement limit; without it 1 of 6 or more, else none. */
  tuning_sites: z.int().min(0).max(1).optional(),
  height_groups: z.int().min(1).default(20),
  /** Share of a height group that validates. */
  share: z
    .number()
    .positive()
    .max(0.5)
    .default(1 / 120),
  least_per_group: z.int().min(1).default(8),
});
