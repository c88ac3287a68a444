/**
 * All five models in a row: a condition to voxels (paper, Table 4). mIoU³ at L/8 after ClassSFM ("coarse") and after the refinement ("refined"), mIoU⁰ at L, and how far buildings stand over the roads near them.
 */
import type { Metric, ReportSection } from "../../../cli/plugin";
import { CONDITION_NAMES, CONDITIONS } from "./conditions";
import { metricTables } from "./named-metrics";
import type { Results } from "./results";
import { type Difference, differencesOf, figure, fixed, percent, verdict } from "./words";

const WHOLE = CONDITIONS.filter((condition) => condition !== "shuffled_map");

const DIFFERENCES: readonly Difference[] = (
  [
    ["iou3", "refined IoU³"],
    ["iou0", "IoU⁰"],
  ] as const
).flatMap(([level, label]) => {
  const drawn = level === "iou3" ? "iou3_refined" : "iou0";
  return [
    { name: `${drawn}_own_minus_other_map`, label: `${label}: its own map − another site's map`, of: `${drawn}_own_map`, over: `${drawn}_other_map` },
    {
      name: `${drawn}_own_map_minus_nearest_map`,
      label: `${label}: its own map − nearest training map`,
      of: `${drawn}_own_map`,
      over: `${level}_nearest_map`,
    },
    { name: `${drawn}_own_map_minus_best_copy`, label: `${label}: its own map − best copy`, of: `${drawn}_own_map`, over: `${level}_best_copy` },
    {
      name: `${drawn}_own_view_minus_nearest_map`,
      label: `${label}: one RGBD view − nearest training map`,
      of: `${drawn}_own_view`,
      over: `${level}_nearest_map`,
    },
    { name: `${drawn}_own_view_minus_best_copy`, label: `${label}: one RGBD view − best copy`, of: `${drawn}_own_view`, over: `${level}_best_copy` },
  ];
});

export function reportChain(results: Results, tau: number, metrics: readonly Metric[]): ReportSection {
  const mean = (name: string) => results.mean(name);
  const lift = (of: string) => mean(`building_lift_m_${of}`);
  const shares = (of: string) => [mean(`iou3_refined_${of}`), mean(`iou0_${of}`)].map((estimate) => percent(estimate.mean, 1));
  const [own3, own0] = shares("own_map");
  const [other3, other0] = shares("other_map");
  const gaps = differencesOf(
    results,
    {
      title: "What the condition is worth, all five models in a row",
      unit: "IoU",
      sentence: (found) =>
        `At L/8 right map less wrong map ${verdictOf(found, "iou3_refined_own_minus_other_map")}, at full resolution it ${verdictOf(found, "iou0_own_minus_other_map")}; over the training crop with the nearest map it ${verdictOf(found, "iou0_own_map_minus_nearest_map")} at full resolution.`,
    },
    DIFFERENCES,
  );
  return {
    title: "Held-out sites, all five models in a row",
    sentence:
      `Drawn from its own map a held-out crop shares ${own3} of its coarse and ${own0} of its fine voxels with the truth, from another site's map ${other3} and ${other0}; ` +
      `copying the training crop with the most similar map would share ${percent(mean("iou3_nearest_map").mean, 1)} and ${percent(mean("iou0_nearest_map").mean, 1)}.`,
    tables: [
      {
        title: "Against the truth",
        sentence:
          `1 is the truth, voxel by voxel; at full resolution a surface one voxel too high scores 0. Buildings stand ${fixed(lift("own_map").mean, 1)} m over the roads within 20 m where the truth's stand ${fixed(lift("truth").mean, 1)} m. ` +
          `Cells are kept at τ = ${tau}. Brackets are 95 % intervals over crops.`,
        columns: ["drawn from", "mIoU³ coarse", "mIoU³ refined", "mIoU⁰", "buildings over roads (m)", "voxels"],
        rows: [
          ...WHOLE.filter((condition) => results.has(`iou0_${condition}`)).map((condition) => [
            CONDITION_NAMES[condition],
            ...["iou3_coarse", "iou3_refined", "iou0"].map((measure) => figure(mean(`${measure}_${condition}`))),
            figure(lift(condition), 1),
            Math.round(mean(`voxels_${condition}`).mean),
          ]),
          ["best copy: the training crop most like the truth", ...twice(figure(mean("iou3_best_copy"))), figure(mean("iou0_best_copy")), "", ""],
          ["training crop with the most similar map", ...twice(figure(mean("iou3_nearest_map"))), figure(mean("iou0_nearest_map")), "", ""],
          ["the truth", "1", "1", "1", figure(lift("truth"), 1), Math.round(mean("voxels_truth").mean)],
        ],
      },
      ...gaps.tables,
      ...metricTables(
        results,
        metrics,
        WHOLE.filter((condition) => results.has(`iou0_${condition}`)),
      ),
    ],
    intervals: gaps.intervals,
  };
}

/** A copy is not refined: what it scores stands for both. */
function twice(text: string): [string, string] {
  return [text, text];
}

function verdictOf(found: Parameters<Parameters<typeof differencesOf>[1]["sentence"]>[0], name: string): string {
  const estimate = found.get(name);
  return estimate ? verdict(estimate) : "could not be measured";
}
