/**
 * The work of stage `tune-refinement`: cells drawn from the maps of the tuning crops and from views of them, refined with each τ, beside the truth.
 *
 * Both conditions, because a map alone hardly tells limits apart: its cells agree with the truth too little for strays to matter.
 */
import { join } from "node:path";
import type { StageResult, StageTask } from "../../../cli/plugin";
import { scope } from "../../../ffi";
import { openDataset } from "../../dataset/api";
import { cellKeys, coarsened, iou, mean, refinedRows } from "../../models/api";
import { sceneCondition } from "../conditions";
import { conditionOf, cropWindow, windowVoxels } from "../crop-input";
import { loadModels } from "../load";
import { cellsOf } from "../pipeline";
import { coarseCells, refinedLatents } from "../structure";
import { bestLimit, LIMIT_FILE, type RefinementLimit } from "./limit";
import type { TuneOptions } from "./stage";

export async function run(task: StageTask<TuneOptions>): Promise<StageResult> {
  const { options, out } = task;
  const { models, sight, trainedTau } = loadModels(task);
  const dataset = await openDataset(task.inputs.split!.dir, { split: "tuning" });
  const ids = dataset.ids();
  const candidates = [...new Set(options.candidates)].sort((a, b) => a - b);
  const found: Record<Told, number[][]> = { map: [], view: [] };
  const scenes = ids.length * options.seeds;
  for (const [i, id] of ids.entries()) {
    const window = await cropWindow(dataset, id, sight.extent);
    const truth = coarsened(windowVoxels(window).coords, 3, 8);
    for (let draw = 0; draw < options.seeds; draw++) {
      const seed = task.seed + 1000 * i + draw;
      for (const told of ["map", "view"] as const) {
        if (told === "view" && window.sample.record.views.length === 0) continue;
        task.stopIfCancelled();
        const input = conditionOf(dataset, window, told === "map" ? "semantic" : "image");
        const refined = scope(() => {
          const conditions = sceneCondition(input, sight, seed).structure;
          // With no limit every cell stays, so that one draw serves all limits.
          const request = { conditions, seed, options: { ...options.structure, tau: 0 } };
          const all = refinedLatents(models, coarseCells(models, request), request);
          const z = all.feats.div(models.latentScale).toArray();
          const [cells, channels] = [cellsOf(all.coords), all.feats.shape[1]!];
          const { ground } = options.structure;
          return candidates.map((tau) => iou(keptKeys(cells, refinedRows(cells, { z, channels, tau, ground })), truth));
        });
        found[told].push(refined);
      }
      task.progress(i * options.seeds + draw + 1, scenes, id);
    }
  }
  const curve = candidates.map((tau, k) => {
    const means = Object.fromEntries(
      Object.entries(found).flatMap(([told, scenes]) => (scenes.length === 0 ? [] : [[told, mean(scenes.map((values) => values[k]!))]])),
    );
    return { tau, iou3: mean(Object.values(found).flatMap((scenes) => scenes.map((values) => values[k]!))), ...means };
  });
  const limit: RefinementLimit =
    scenes > 0
      ? { version: 1, tau: bestLimit(candidates, Object.values(found).flat()), from: "tuning", crops: ids.length, curve }
      : { version: 1, tau: trainedTau, from: "training", crops: 0, curve: [] };
  await Bun.write(join(out, LIMIT_FILE), `${JSON.stringify(limit, null, 1)}\n`);
  task.section({ title: "Refinement limit τ", sentence: sentenceOf(limit), ...shownCurve(limit), metrics: { tau: limit.tau } });
  return { metrics: { tau: limit.tau, crops: limit.crops } };
}

/** What a scene was drawn from. */
type Told = "map" | "view";

function keptKeys(cells: Int32Array, rows: Int32Array): Float64Array {
  const kept = new Int32Array(3 * rows.length);
  for (const [i, row] of rows.entries()) kept.set(cells.subarray(3 * row, 3 * row + 3), 3 * i);
  return cellKeys(kept, 3);
}

function sentenceOf({ tau, from, crops, curve }: RefinementLimit): string {
  if (from === "training") return `No site is set aside for tuning, so that cells are kept with the limit ${tau} that LatentSFM was trained with.`;
  const reached = curve.find((one) => one.tau === tau)!.iou3;
  return `With τ = ${tau} refined cells share ${(100 * reached).toFixed(1)} % with the truth, within a standard error of the most of ${curve.length} limits tried on maps and views of ${crops} crops of a site that neither trains nor is measured.`;
}

function shownCurve({ curve }: RefinementLimit) {
  if (curve.length === 0) return {};
  const shown = (
    [
      ["map", "from a map"],
      ["view", "from one view"],
      ["iou3", "mean"],
    ] as const
  ).filter(([key]) => curve[0]![key] !== undefined);
  return {
    curves: [
      {
        title: "Refined IoU³ on the tuning crops",
        x: "τ",
        y: "IoU³",
        series: shown.map(([key, name]) => ({ name, points: curve.map((one): [number, number] => [one.tau, one[key]!]) })),
      },
    ],
    tables: [
      {
        title: "Limits tried",
        sentence: "Too low a limit keeps cells that roughening added, too high a one drops true cells; 1 would be the truth.",
        columns: ["τ", ...shown.map(([, name]) => `refined mIoU³ ${name}`)],
        rows: curve.map((one) => [String(one.tau), ...shown.map(([key]) => one[key]!.toFixed(3))]),
      },
    ],
  };
}
