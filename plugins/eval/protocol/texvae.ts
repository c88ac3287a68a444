/** TexVAE alone: pictures of unseen crops out of 8 numbers a voxel, over the pixels that show the crop. Beside it each class in its mean colour over the training crops, and one opaque splat a voxel in the voxel's own colour. */
import type { ReportSection } from "../../../cli/plugin";
import { scope } from "../../../ffi";
import { fullestViews, renderBeside } from "../../train/api";
import { beside } from "../../view/api";
import { pictureOf } from "./pictures";
import type { Results } from "./results";
import type { HeldOutCrop, Measured, Setting } from "./setting";
import { differencesOf, figure, verdict } from "./words";

/** Views of each crop; its measures are their means. */
const VIEWS = 3;
/** Largest width and height of a view in pixels. */
const VIEW_SIZE = [96, 96] as const;

const MEASURES = ["psnr", "ssim"] as const;
const WAYS = ["", "_voxel_colour", "_class_mean"] as const;

export function measureTexvae({ models, heldOut, classColours, begin }: Setting, { crop }: HeldOutCrop): Measured {
  begin("TexVAE");
  const views = fullestViews(crop, heldOut, VIEW_SIZE, VIEWS);
  return scope(() => {
    const rendered = views.map((view) => renderBeside(models.texvae, crop, view, classColours));
    const mean = (pick: (one: (typeof rendered)[number]) => number) => rendered.reduce((sum, one) => sum + pick(one), 0) / rendered.length;
    const names = MEASURES.flatMap((measure) => WAYS.map((way) => `${measure}${way}` as const));
    return {
      values: Object.fromEntries(names.map((name) => [`texvae_${name}`, [mean((one) => one[name])]])),
      ...(rendered[0] && {
        picture: beside(
          rendered[0].pictures.map((shown) => pictureOf(shown, 256)),
          4,
        ),
      }),
    };
  });
}

export function reportTexvae(results: Results): ReportSection {
  const [ours, voxel, classMean] = WAYS.map((way) => results.mean(`texvae_psnr${way}`));
  const gaps = differencesOf(
    results,
    {
      title: "TexVAE less simpler colourings",
      unit: "dB",
      digits: 2,
      sentence: (found) =>
        `Its lead over the mean colour of each class ${verdict(found.get("texvae_psnr_minus_class_mean")!)}, over one splat a voxel it ${verdict(found.get("texvae_psnr_minus_voxel_colour")!)}.`,
    },
    [
      { name: "texvae_psnr_minus_class_mean", label: "PSNR − mean colour a class", of: "texvae_psnr", over: "texvae_psnr_class_mean" },
      { name: "texvae_psnr_minus_voxel_colour", label: "PSNR − one opaque splat a voxel", of: "texvae_psnr", over: "texvae_psnr_voxel_colour" },
    ],
  );
  return {
    title: "TexVAE: colours through its latent",
    sentence:
      `Rendered from 8 numbers a voxel, pictures of unseen crops reach ${ours!.mean.toFixed(1)} dB; one opaque splat a voxel in its own colour reaches ${voxel!.mean.toFixed(1)}, ` +
      `every class in its mean colour ${classMean!.mean.toFixed(1)}.`,
    tables: [
      {
        title: "Foreground of unseen views",
        sentence: `Higher is better; 6 dB more is half the error. Means over ${VIEWS} views of each crop, over the pixels that show it. Brackets are 95 % intervals over crops.`,
        columns: ["measure", "TexVAE", "one opaque splat a voxel", "mean colour a class"],
        rows: [
          ["PSNR (dB)", ...WAYS.map((way) => figure(results.mean(`texvae_psnr${way}`), 2))],
          ["SSIM (1 is equal)", ...WAYS.map((way) => figure(results.mean(`texvae_ssim${way}`)))],
        ],
      },
      ...gaps.tables,
    ],
    intervals: gaps.intervals,
  };
}
