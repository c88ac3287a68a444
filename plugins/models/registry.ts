/** The five models by name, at both scales: the same code, two configs. */
import type { Module } from "../../ffi";
import { classsfmConfig, classsfmScales } from "./classsfm/config";
import { Classsfm } from "./classsfm/model";
import { latentsfmConfig, latentsfmScales } from "./latentsfm/config";
import { Latentsfm } from "./latentsfm/model";
import { structvaeConfig, structvaeScales } from "./structvae/config";
import { Structvae } from "./structvae/model";
import { texfmConfig, texfmScales } from "./texfm/config";
import { Texfm } from "./texfm/model";
import { texvaeConfig, texvaeScales } from "./texvae/config";
import { Texvae } from "./texvae/model";

export const scales = ["paper", "mini"] as const;
export type Scale = (typeof scales)[number];

interface ModelEntry<M extends Module> {
  /** Table 5, in millions; the paper counts a flow with its condition branch. */
  paperMillions: number;
  build(scale: Scale): M;
  /** From a config read from a file. @throws ZodError */
  fromConfig(config: unknown): M;
}

function entry<C, M extends Module>(parts: {
  paperMillions: number;
  schema: { parse(value: unknown): C };
  scales: Record<Scale, C>;
  make: new (config: C) => M;
}): ModelEntry<M> {
  return {
    paperMillions: parts.paperMillions,
    build: (scale) => new parts.make(parts.scales[scale]),
    fromConfig: (config) => new parts.make(parts.schema.parse(config)),
  };
}

export const models = {
  texvae: entry({ paperMillions: 75.8, schema: texvaeConfig, scales: texvaeScales, make: Texvae }),
  structvae: entry({ paperMillions: 258.5, schema: structvaeConfig, scales: structvaeScales, make: Structvae }),
  classsfm: entry({ paperMillions: 657.4, schema: classsfmConfig, scales: classsfmScales, make: Classsfm }),
  latentsfm: entry({ paperMillions: 1092.4, schema: latentsfmConfig, scales: latentsfmScales, make: Latentsfm }),
  texfm: entry({ paperMillions: 1191.7, schema: texfmConfig, scales: texfmScales, make: Texfm }),
};

export type ModelName = keyof typeof models;
export const modelNames = Object.keys(models) as ModelName[];
