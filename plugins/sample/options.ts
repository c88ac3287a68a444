/** What can be asked of sampling: recipe keys of the stages `sample` and `extend`. Defaults are the paper's, and DESIGN §4's where it is silent. */
import { z } from "zod";
import { ground, roughening } from "../models/api";

const flow = z
  .strictObject({
    steps: z.int().positive().default(25),
    shift: z.number().positive().default(3),
    cfg: z
      .strictObject({
        w: z.number().min(0).default(3),
        /** (1 + w)·cond − w·uncond, or w·cond + (1 − w)·uncond. */
        convention: z.enum(["one-plus-w", "scale"]).default("one-plus-w"),
      })
      .prefault({}),
    /** Standard deviation of the noise to start from; below 1 the likelier and the less varied. */
    temperature: z.number().min(0).max(1).default(1),
  })
  .prefault({});

export const structureOptions = z
  .strictObject({
    /** ClassSFM's. */
    flow,
    /** LatentSFM's. */
    latentFlow: flow,
    /** Of ClassSFM's cells on their way into LatentSFM; the same as in its training. */
    roughening: roughening.prefault({}),
    /** τ of the refinement: a cell stays when more than half of its channels have |z| / σ above it. `auto`: what the stage `tune-refinement` chose, else what LatentSFM was trained with. */
    tau: z.union([z.literal("auto"), z.number().min(0)]).default(0.3),
    /** `everywhere`: in a column that a threshold would leave empty (ClassSFM's, the refinement's, StructVAE's at each level) the surest cell stays. */
    ground: ground.default("sampled"),
    /** Most voxels at level L (half at L/2, a quarter at L/4): an untrained flow would decode to slabs. The paper trains with at most 250k. */
    voxelCap: z.int().positive().default(250_000),
  })
  .prefault({});
/** As a recipe has them. */
export type StructureRecipe = z.infer<typeof structureOptions>;
/** With τ a number: see `withTau`. */
export type StructureOptions = Omit<StructureRecipe, "tau"> & { tau: number };

export const textureOptions = z.strictObject({ flow }).prefault({});
export type TextureOptions = z.infer<typeof textureOptions>;

/** The samples' index and the five models. */
export const modelNeeds = ["split", "train-texvae", "train-structvae", "train-classsfm", "train-latentsfm", "train-texfm"];
/** What the stages `sample`, `extend` and `evaluate` read: these, and the refinement limit where one was chosen. */
export const samplingNeeds = [...modelNeeds, "tune-refinement?"];

/** Keys that they share. */
export const samplingOptions = { structure: structureOptions, texture: textureOptions };
