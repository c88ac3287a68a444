/** Which views TexVAE renders of a training crop. */
import { EXIT, UserError } from "../../cli/plugin";
import { type Crop, cropAt } from "./crops";
import { viewsOver } from "./joined-sites";
import type { StepDraws } from "./random";
import type { SampleStore } from "./samples";
import { cutView, type ViewCrop } from "./view-crops";

export interface TargetViewOptions {
  /** L of the model's window. */
  window: number;
  /** Views of a step. */
  views: number;
  /** Width and height. */
  viewSize: readonly [number, number];
}

/** Draws of a view by chance. */
const TRIES = 6;
/** A view is worth rendering when this share of it shows the crop. */
const LEAST_SEEN = 0.05;

/**
 * Views of a crop by chance, of those that know it. A square at a site's corner may be in hardly any view: where chance finds none, all are looked at, and where none shows the square, its whole window
 * trains instead.
 */
export function drawViews(
  drawn: Crop,
  store: SampleStore,
  options: TargetViewOptions,
  draws: StepDraws,
): { crop: Crop; views: [ViewCrop, ...ViewCrop[]] } {
  const known = viewsOver(drawn);
  for (const crop of [drawn, wholeWindow(drawn, options.window)]) {
    const tries = Array.from({ length: known.length > 0 ? TRIES * options.views : 0 }, () => known[draws.integers(1, known.length)[0]!]!);
    const [first, ...rest] = chooseViews(crop, store, options, tries);
    if (first) return { crop, views: [first, ...rest] };
    const [any] = chooseViews(crop, store, { ...options, views: 1 }, known);
    if (any) return { crop, views: [any] };
  }
  throw new UserError({ what: `no view shows crop ${drawn.sample.id}`, where: "train-texvae", fix: "capture more views", exit: EXIT.badInput });
}

/** Of views in turn, as many as the options want that show more than a trace of the crop; else the fullest of them. */
function chooseViews(crop: Crop, store: SampleStore, options: TargetViewOptions, turn: readonly number[]): ViewCrop[] {
  const views: ViewCrop[] = [];
  let fullest: ViewCrop | null = null;
  for (const index of turn) {
    if (views.length === options.views) break;
    const view = cutView(crop, store, index, options.viewSize);
    if (view && view.seen >= LEAST_SEEN * view.width * view.height) views.push(view);
    else if (view && view.seen > (fullest?.seen ?? 0)) fullest = view;
  }
  return views.length > 0 || !fullest ? views : [fullest];
}

function wholeWindow({ sample, symmetry, corner }: Crop, window: number): Crop {
  return cropAt(sample, symmetry, corner, { x: 0, y: 0, size: window }, window);
}
