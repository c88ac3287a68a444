/**
 * TexFM alone: colours for the true voxels of unseen crops, from their map. No draw can be right voxel by voxel, so that colours are compared a class at a time, per crop and pooled over all crops of a site.
 *
 * Truth is what TexVAE decodes of the crop's own latents: TexFM cannot reach more.
 */
import type { ReportSection } from "../../../cli/plugin";
import { normal, scope } from "../../../ffi";
import { type ClassColour, classColourError, classColours, colourError, inMeanColours, pooledColours, spreadInClasses } from "../../models/api";
import { paint, StepDraws, surfaceColours } from "../../train/api";
import { beside } from "../../view/api";
import { pictureOf } from "./pictures";
import type { Results } from "./results";
import type { HeldOutCrop, Measured, Setting } from "./setting";
import { figure, fixed } from "./words";

export function measureTexfm({ models, sight, texture, seeds, classColours: known, begin }: Setting, { crop, seed }: HeldOutCrop): Measured {
  const { own, drawn, classes } = scope(() => {
    const noises = Array.from({ length: seeds }, (_, draw) =>
      normal([crop.rows.length, models.mean.length], { seed: seed + draw, purpose: "sampling", index: 0 }),
    );
    begin("TexFM");
    return paint(models, crop, { window: sight.extent, mapPixels: sight.mapPixels, flow: texture.flow }, noises, new StepDraws(seed, "condition", 0));
  });
  const truth = classColours(own, classes);
  const made = drawn.map((colours) => classColours(colours, classes));
  const shown = [own, drawn[0]!].map((colours) => colours.map((value) => 255 * value));
  return {
    values: {
      texfm_class_colour_error: made.map((colours) => classColourError(truth, colours)),
      texfm_class_colour_error_training: [classColourError(truth, known)],
      texfm_spread_ratio: made.map((colours) => spreadInClasses(colours) / spreadInClasses(truth)),
      texfm_colour_error: drawn.map((colours) => colourError(own, colours)),
      texfm_colour_error_class_mean: [colourError(own, inMeanColours(classes, truth))],
      texfm_two_seeds: drawn.slice(1).map((colours, i) => colourError(colours, drawn[i]!)),
    },
    colours: { own: [...truth], drawn: made.map((colours) => [...colours]) },
    picture: scope(() =>
      beside(
        shown.map((rgb) => pictureOf(surfaceColours(crop.coords, rgb, sight.extent), 256)),
        4,
      ),
    ),
  };
}

export function reportTexfm(results: Results, known: ReadonlyMap<number, ClassColour>): ReportSection {
  const mean = (name: string) => results.mean(name);
  const [error, training, spread] = [mean("texfm_class_colour_error"), mean("texfm_class_colour_error_training"), mean("texfm_spread_ratio")];
  const pooled = pooledOverSites(results, known);
  const own = mean("texfm_colour_error");
  const classMean = mean("texfm_colour_error_class_mean");
  const twoSeeds = mean("texfm_two_seeds");
  return {
    title: "TexFM: colours from a map",
    sentence:
      `On true voxels it misses each class's mean colour by ${fixed(error.mean)} of the full range (pooled over a site's crops ${fixed(pooled.error)}); the training crops' mean colours would miss by ${fixed(training.mean)}. ` +
      `Within a class its colours vary ${fixed(spread.mean, 2)} times as much as the truth's.`,
    tables: [
      {
        title: "Colours a class at a time",
        sentence:
          "Error: 0 is perfect. Spread: 1 is as varied as the truth, less is too even, more is too noisy. Per crop: the mean over crops, with its 95 % interval; pooled: voxels of all crops of a site together, where chance averages out.",
        columns: ["measure", "per crop", ...pooled.sites.map(({ site }) => `pooled, site ${site}`)],
        rows: [
          ["error of each class's mean colour (0 to 1)", figure(error), ...pooled.sites.map((one) => fixed(one.error))],
          ["the same of the training crops' mean colours", figure(training), ...pooled.sites.map((one) => fixed(one.training))],
          ["spread within a class over TexVAE's", figure(spread, 2), ...pooled.sites.map((one) => fixed(one.spread, 2))],
        ],
      },
      {
        title: "Voxel by voxel",
        sentence: "No draw can guess every voxel: a painter who knows the crop's own mean colours misses least, and varies not at all.",
        columns: ["measure", "mean over crops"],
        rows: [
          ["TexFM against TexVAE's colours (0 to 1)", figure(own)],
          ["every class in the crop's own mean colour", figure(classMean)],
          ...(Number.isNaN(twoSeeds.mean) ? [] : [["between two seeds", figure(twoSeeds)]]),
        ],
      },
    ],
  };
}

/** Of all crops and seeds of a site together; the first number is the mean over sites. */
function pooledOverSites(results: Results, known: ReadonlyMap<number, ClassColour>) {
  const sites = [...Map.groupBy(results.crops, ({ site }) => site)].map(([site, of]) => {
    const truth = pooledColours(of.flatMap(({ colours }) => (colours ? [new Map(colours.own)] : [])));
    const drawn = pooledColours(of.flatMap(({ colours }) => (colours ? colours.drawn.map((entries) => new Map(entries)) : [])));
    return {
      site,
      error: classColourError(truth, drawn),
      training: classColourError(truth, known),
      spread: spreadInClasses(drawn) / spreadInClasses(truth),
    };
  });
  const average = (pick: (one: (typeof sites)[number]) => number) => sites.reduce((sum, one) => sum + pick(one), 0) / sites.length;
  const [error, spread] = [average((one) => one.error), average((one) => one.spread)];
  results.metric("texfm_class_colour_error_pooled", error);
  results.metric(
    "texfm_class_colour_error_training_pooled",
    average((one) => one.training),
  );
  results.metric("texfm_spread_ratio_pooled", spread);
  return { error, sites: results.sites.flatMap((name) => sites.filter(({ site }) => site === name)) };
}
