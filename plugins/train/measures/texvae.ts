/** How well TexVAE renders a crop it has never seen, beside two simple ways to colour it: the quick look of its training and the protocol of evaluation alike. */
import { noGrad, ops, scope, type Tensor } from "../../../ffi";
import { SparseTensor } from "../../../ffi/sparse";
import {
  activate,
  type ClassColour,
  classColours,
  inMeanColours,
  opaqueSplats,
  psnr,
  renderViews,
  type Splats,
  ssim,
  type Texvae,
} from "../../models/api";
import { type Crop, coordsTensor, cropFeatures, validationCrops } from "../crops";
import { viewsOver } from "../joined-sites";
import type { SampleStore } from "../samples";
import { cutView, stackViews, type ViewCrop } from "../view-crops";

/** Views of a crop to choose from, best first. */
const CHOICE = 6;
/** Training samples that the mean colours of classes are taken from. */
const COLOUR_SAMPLES = 64;

/** Of the views that know a crop best, the `count` whose cuts show most of it. */
export function fullestViews(crop: Crop, store: SampleStore, size: readonly [number, number], count: number): ViewCrop[] {
  return viewsOver(crop)
    .slice(0, Math.max(CHOICE, count))
    .map((view) => cutView(crop, store, view, size))
    .filter((cut) => cut !== null)
    .sort((a, b) => b.seen - a.seen)
    .slice(0, count);
}

/** Colours of the classes over the training samples: nothing of a held-out crop is known to them. */
export async function trainingColours(store: SampleStore): Promise<Map<number, ClassColour>> {
  const samples = (await validationCrops(store, COLOUR_SAMPLES, store.dataset.cells)).map(({ sample }) => sample);
  const rgb = Float32Array.from(samples.flatMap((sample) => Array.from(sample.rgb, (value) => value / 255)));
  return classColours(rgb, Uint8Array.from(samples.flatMap((sample) => [...sample.semantic])));
}

export interface RenderedView {
  psnr: number;
  ssim: number;
  psnr_voxel_colour: number;
  ssim_voxel_colour: number;
  psnr_class_mean: number;
  ssim_class_mean: number;
  /** Truth, TexVAE, one opaque splat a voxel, mean colour a class: u8 [H, W, 3]; grey where the view shows something else. */
  pictures: Tensor[];
}

/**
 * Foreground only: pixels that show the crop.
 *
 * @param known colours of the classes, of the training samples
 */
export function renderBeside(model: Texvae, crop: Crop, view: ViewCrop, known: ReadonlyMap<number, ClassColour>): RenderedView {
  return noGrad(() =>
    scope(() => {
      const coords = coordsTensor(crop.coords);
      const voxels = SparseTensor.of(coords, cropFeatures(crop));
      const decoded = activate(model.decoder.forward(voxels.withFeats(model.encoder.forward(voxels).mean)), coords);
      const own = Float32Array.from([...crop.rows].flatMap((row) => [0, 1, 2].map((k) => crop.sample.rgb[3 * row + k]! / 255)));
      const painted = inMeanColours(
        Uint8Array.from(crop.rows, (row) => crop.sample.semantic[row]!),
        known,
      );
      const { truth, mask } = stackViews([view]);
      const draw = (splats: Splats) => renderViews(splats, [view.camera], view.width, view.height).color.clamp(0, 1);
      const [ours, voxelColour, classMean] = [draw(decoded), draw(opaqueSplats(coords, own)), draw(opaqueSplats(coords, painted))];
      const picture = (image: Tensor) =>
        ops.aten.where(mask.unsqueeze(1).gt(0), image, 0.3).select(0, 0).permute([1, 2, 0]).mul(255).round().to("u8").contiguous();
      return {
        psnr: psnr(ours, truth, mask),
        ssim: ssim(ours, truth, mask).item(),
        psnr_voxel_colour: psnr(voxelColour, truth, mask),
        ssim_voxel_colour: ssim(voxelColour, truth, mask).item(),
        psnr_class_mean: psnr(classMean, truth, mask),
        ssim_class_mean: ssim(classMean, truth, mask).item(),
        pictures: [truth, ours, voxelColour, classMean].map(picture),
      };
    }),
  );
}
