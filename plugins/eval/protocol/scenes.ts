/** Scenes drawn for a held-out crop under each condition, and how they compare with its truth: what `classsfm.ts` and `chain.ts` report. */
import { scope } from "../../../ffi";
import { cellKeys, coarsened, iou } from "../../models/api";
import {
  coarseCells,
  cropWindow,
  decodedVoxels,
  flatten,
  refinedLatents,
  sampleScene,
  sceneCondition,
  windowMap,
  windowVoxels,
} from "../../sample/api";
import { CONDITIONS, type Condition, inputOf } from "./conditions";
import { classHeights, liftOverRoads } from "./lift";
import { askMetrics, scoredCrop } from "./named-metrics";
import { type Coloured, cellRow, sceneRow, trueScene } from "./pictures";
import type { HeldOutCrop, Measured, Setting } from "./setting";

/** Cells of the full grid along a coarse cell's edge. */
const REDUCTION = 8;
/** In the order of a picture's row. */
const SHOWN = CONDITIONS.filter((condition) => condition !== "shuffled_map");

interface Drawn {
  /** [M, 3]. */
  coarse: Int32Array;
  /** Keys of cells after the refinement, and of voxels; missing where only ClassSFM was asked. */
  refined?: Float64Array;
  fine?: Float64Array;
  lift_m?: number;
  /** With texture; of the first seed only. */
  scene?: Coloured;
}

/** How many draws `drawScenes` begins for a crop. */
export function drawsOf({ seeds }: Pick<Setting, "seeds">): number {
  return seeds * CONDITIONS.length;
}

/** @param wholeChain all five models, not ClassSFM alone */
export async function drawScenes(setting: Setting, held: HeldOutCrop, wholeChain: boolean): Promise<Measured> {
  const { window } = held;
  const truth = windowVoxels(window).coords;
  const [true3, true0] = [coarsened(truth, 3, REDUCTION), cellKeys(truth, 3)];
  const map = windowMap(window);
  const values: Record<string, number[]> = baselines(setting, held, true3, true0);
  const note = (name: string, value: number) => {
    values[name] ??= [];
    values[name].push(value);
  };
  const first: Partial<Record<Condition, Drawn>> = {};
  const free: number[][] = [];
  for (const condition of CONDITIONS) {
    const input = await inputOf(condition, setting.dataset, window, held.partners);
    for (let draw = 0; draw < setting.seeds; draw++) {
      setting.begin(`${held.id}, drawn from ${condition.replaceAll("_", " ")}`);
      if (!input) continue;
      // The control asks of ClassSFM alone.
      const drawn = drawOne(setting, {
        input,
        seed: held.seed + draw,
        whole: wholeChain && condition !== "shuffled_map",
        textured: draw === 0,
        map,
        window,
      });
      first[condition] ??= drawn;
      const coarse = cellKeys(drawn.coarse, 3);
      note(`iou3_coarse_${condition}`, iou(coarse, true3));
      note(`cells_${condition}`, coarse.length);
      if (condition === "nothing") {
        free.push([...coarse]);
        note("iou3_nothing_to_training", setting.library.nearest("coarse", coarse).iou);
      }
      if (drawn.scene)
        for (const [key, value] of Object.entries(await askMetrics(setting.metrics, condition, scoredCrop(window, condition, drawn.scene))))
          note(key, value);
      if (!drawn.refined || !drawn.fine) continue;
      note(`iou3_refined_${condition}`, iou(drawn.refined, true3));
      note(`iou0_${condition}`, iou(drawn.fine, true0));
      note(`building_lift_m_${condition}`, drawn.lift_m!);
      note(`voxels_${condition}`, drawn.fine.length);
    }
  }
  return { values, free, picture: await rowOf(setting, held, first, wholeChain) };
}

/** What needs no model: copies of training crops, and the truth's own lift. */
function baselines({ library }: Setting, { window }: HeldOutCrop, true3: Float64Array, true0: Float64Array): Record<string, number[]> {
  const map = windowMap(window);
  const { coords } = windowVoxels(window);
  const nearestMap = library.nearestMap(map);
  return {
    iou3_best_copy: [library.nearest("coarse", true3).iou],
    iou3_nearest_map: [iou(nearestMap.coarse, true3)],
    iou3_usual_cells: [iou(library.usualCells, true3)],
    iou0_best_copy: [library.nearest("fine", true0).iou],
    iou0_nearest_map: [iou(nearestMap.fine, true0)],
    building_lift_m_truth: [liftOverRoads(classHeights(coords, window.extent), map, window.extent, window.lattice.voxel_m)],
    cells_truth: [true3.length],
    voxels_truth: [true0.length],
  };
}

interface Wanted {
  input: Parameters<typeof sceneCondition>[0];
  seed: number;
  whole: boolean;
  textured: boolean;
  map: Uint8Array;
  window: HeldOutCrop["window"];
}

function drawOne({ models, sight, structure, texture }: Setting, { input, seed, whole, textured, map, window }: Wanted): Drawn {
  return scope(() => {
    const condition = sceneCondition(input, sight, seed);
    const request = { conditions: condition.structure, seed, options: structure };
    const coarse = coarseCells(models, request);
    if (!whole) return { coarse };
    const latents = refinedLatents(models, coarse, request);
    const voxels = decodedVoxels(models, latents, structure);
    const scene = textured ? sampleScene(models, { condition, seed, structure, texture, given: { voxels } }) : undefined;
    const cells = scope(() => voxels.narrow(1, 1, 3).contiguous().toArray()) as Int32Array;
    return {
      coarse,
      refined: cellKeys(latents.coords.toArray(), 4),
      fine: cellKeys(cells, 3),
      lift_m: liftOverRoads(classHeights(cells, window.extent), map, window.extent, window.lattice.voxel_m),
      ...(scene && { scene: flatten(scene.texture.coords, scene.splats) }),
    };
  });
}

/** Map, truth, what was drawn under each condition, and the training crop nearest to what was drawn from nothing. */
async function rowOf({ dataset, library, sight }: Setting, { window }: HeldOutCrop, drawn: Partial<Record<Condition, Drawn>>, wholeChain: boolean) {
  const edge = sight.extent / REDUCTION;
  const nearest = drawn.nothing && library.nearest("coarse", cellKeys(drawn.nothing.coarse, 3)).crop;
  const copy = nearest && (await cropWindow(dataset, nearest.id, sight.extent));
  if (wholeChain) return sceneRow(window, [trueScene(window), ...SHOWN.map((name) => drawn[name]?.scene ?? null), copy ? trueScene(copy) : null]);
  const cellsOf = (of: HeldOutCrop["window"]) => coarseOf(windowVoxels(of).coords);
  return cellRow(window, [cellsOf(window), ...SHOWN.map((name) => drawn[name]?.coarse ?? null), copy ? cellsOf(copy) : null], edge);
}

function coarseOf(coords: Int32Array): Int32Array {
  return coords.map((value) => Math.floor(value / REDUCTION));
}
