/**
 * One sample of the data set: the voxels of a 200 m crop.
 *
 * `sample.safetensors`: `coords` i16 [N, 3] (x, y, z cells of the crop, in Morton order), `feats` f16 [N, 66] (Eq. 1), `rgb` u8 [N, 3], `semantic` u8 [N], `normal` i8 [N, 3] (· 127), `semantic_map` u8 [L, L] (north-up).
 * `sample.json` beside it says where it lies and what sees it.
 */
import { z } from "zod";
import { georeferenceSchema } from "../../earth/api";

export const SAMPLE_VERSION = 1;

export const sampleSchema = z.strictObject({
  version: z.literal(SAMPLE_VERSION),
  /** `<site>.<crop>`. */
  id: z.string(),
  site: z.string(),
  /** Which of the 3 × 3 crops: column from the west, row from the south. */
  crop: z.tuple([z.int(), z.int()]),
  /** Cell of the site's lattice that is the crop's (0, 0, 0). */
  offset_cells: z.tuple([z.int(), z.int(), z.int()]),
  /** L: cells along the crop's edge. */
  cells: z.int().positive(),
  voxel_m: z.number().positive(),
  /** Lower face of cell z = 0, metres above the site's origin. */
  z_floor_m: z.number(),
  voxels: z.int().nonnegative(),
  /** Surface voxels that lay above the window and were left out. */
  cut_voxels: z.int().nonnegative(),
  /** Highest voxel's cell + 1; what the split's height groups go by. */
  height_cells: z.int().nonnegative(),
  /** Mean slope of the surface seen from above, metres a metre: what the data filter calls smooth. */
  mean_gradient: z.number().nonnegative(),
  /** Voxels a class, index = id. */
  class_voxels: z.array(z.int()),
  extractor: z.string(),
  /** Views of the site that see the crop, with the share of their pixels that falls into it, best first. */
  views: z.array(z.strictObject({ view: z.int(), share: z.number() })),
  georeference: georeferenceSchema.optional(),
});

export type SampleRecord = z.infer<typeof sampleSchema>;
