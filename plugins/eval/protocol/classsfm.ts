/**
 * ClassSFM alone: which cells at L/8 hold surface, drawn from the crop's own map, from another site's, from one RGBD view, and from nothing. Beside it copies of training crops, which are real scenes, and the cells that most training crops hold.
 *
 * The control: what a second wrong map is worth over a first has to be nothing.
 */
import type { ReportSection } from "../../../cli/plugin";
import { iou } from "../../models/api";
import { CONDITION_NAMES, CONDITIONS } from "./conditions";
import type { Results } from "./results";
import type { CropValues, Estimate } from "./statistics";
import { differencesOf, figure, fixed, isSure, percent, verdict } from "./words";

export function reportClasssfm(results: Results): ReportSection {
  const mean = (name: string) => results.mean(name);
  const conditions = CONDITIONS.filter((condition) => results.has(`iou3_coarse_${condition}`));
  const [own, other] = [mean("iou3_coarse_own_map"), mean("iou3_coarse_other_map")];
  const copies = [
    ["the training crop most like the truth (best copy)", "iou3_best_copy"],
    ["the training crop with the most similar map", "iou3_nearest_map"],
    ["cells that most training crops hold", "iou3_usual_cells"],
  ] as const;
  const gaps = differencesOf(
    results,
    {
      title: "What the condition is worth",
      unit: "IoU³",
      sentence: (found) =>
        `Right map less wrong map ${verdict(found.get("iou3_coarse_own_minus_other_map") ?? UNKNOWN)}. ${controlSentence(found.get("iou3_coarse_control") ?? UNKNOWN)}`,
    },
    [
      {
        name: "iou3_coarse_own_minus_other_map",
        label: "its own map − another site's map",
        of: "iou3_coarse_own_map",
        over: "iou3_coarse_other_map",
      },
      {
        name: "iou3_coarse_control",
        label: "maps shuffled: wrong − wrong (control, wanted 0)",
        of: "iou3_coarse_shuffled_map",
        over: "iou3_coarse_other_map",
      },
      { name: "iou3_coarse_own_map_minus_nothing", label: "its own map − nothing", of: "iou3_coarse_own_map", over: "iou3_coarse_nothing" },
      {
        name: "iou3_coarse_own_map_minus_nearest_map",
        label: "its own map − nearest training map",
        of: "iou3_coarse_own_map",
        over: "iou3_nearest_map",
      },
      { name: "iou3_coarse_own_map_minus_best_copy", label: "its own map − best copy", of: "iou3_coarse_own_map", over: "iou3_best_copy" },
      {
        name: "iou3_coarse_own_view_minus_nearest_map",
        label: "one RGBD view − nearest training map",
        of: "iou3_coarse_own_view",
        over: "iou3_nearest_map",
      },
      { name: "iou3_coarse_own_view_minus_best_copy", label: "one RGBD view − best copy", of: "iou3_coarse_own_view", over: "iou3_best_copy" },
    ],
  );
  const variety = varietyOf(results);
  return {
    title: "ClassSFM: coarse cells",
    sentence: `Drawn from its own map a crop shares ${percent(own.mean)} of its coarse cells with the truth, from another site's map ${percent(other.mean)}: what the right map is worth ${verdict(gaps.estimates.get("iou3_coarse_own_minus_other_map") ?? UNKNOWN)}.`,
    tables: [
      {
        title: "mIoU³ of ClassSFM's cells",
        sentence:
          "1 is the truth, cell by cell. The lower rows need no model; a copy of a real scene is hard to beat, since a draw is one of many scenes that fit the map. Brackets are 95 % intervals over crops.",
        columns: ["drawn from", "mIoU³", "cells"],
        rows: [
          ...conditions.map((condition) => [
            CONDITION_NAMES[condition],
            figure(mean(`iou3_coarse_${condition}`)),
            Math.round(mean(`cells_${condition}`).mean),
          ]),
          ...copies.map(([name, measure]) => [name, figure(mean(measure)), ""]),
          ["the truth", "1", Math.round(mean("cells_truth").mean)],
        ],
      },
      ...gaps.tables,
      {
        title: "Drawn from nothing",
        sentence: `Two draws share ${percent(variety.twoSeeds)} of their cells and the nearest training crop ${percent(variety.toTraining)}, where real unseen crops reach ${percent(variety.truthToTraining)}: ${variety.toTraining > variety.truthToTraining + 0.1 ? "draws are nearer to training crops than real scenes are" : "they differ from each other and are no copies"}.`,
        columns: ["pair", "mean IoU³"],
        rows: [
          ["two draws of different seeds", fixed(variety.twoSeeds)],
          ["a draw and its nearest training crop", figure(mean("iou3_nothing_to_training"))],
          ["a real held-out crop and its nearest training crop", figure(mean("iou3_best_copy"))],
        ],
      },
    ],
    intervals: gaps.intervals,
  };
}

const UNKNOWN: Estimate = { mean: Number.NaN, low: Number.NaN, high: Number.NaN, sites: {}, crops: 0 };

function controlSentence(control: Estimate): string {
  const said = `The control, one wrong map less another, ${verdict(control)}`;
  if (!isSure(control)) return `${said}.`;
  return control.low > 0 || control.high < 0
    ? `${said}, where it should be 0: some of the difference is not the map's doing.`
    : `${said}, as it should be.`;
}

/** How alike draws from nothing are: each with the next one of another seed. */
function varietyOf(results: Results): { twoSeeds: number; toTraining: number; truthToTraining: number } {
  const draws = results.crops.flatMap(({ id, site, free = [] }) => free.map((keys) => ({ id, site, keys: Float64Array.from(keys) })));
  const pairs = draws.slice(1).map(({ keys }, i): CropValues => ({ site: draws[i]!.site, crop: draws[i]!.id, values: [iou(keys, draws[i]!.keys)] }));
  const byCrop = [...Map.groupBy(pairs, ({ crop }) => crop).values()].map((same) => ({ ...same[0]!, values: same.flatMap(({ values }) => values) }));
  return {
    twoSeeds: results.note("iou3_two_seeds_of_nothing", byCrop, false).mean,
    toTraining: results.mean("iou3_nothing_to_training").mean,
    truthToTraining: results.mean("iou3_best_copy").mean,
  };
}
