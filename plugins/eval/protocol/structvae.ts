/** StructVAE alone: crops through the mean of their latent and back, the head pruning. Beside it the two answers that need no model: keep every child of the true parents, or none. */
import type { ReportSection } from "../../../cli/plugin";
import { scope } from "../../../ffi";
import { CLASSES } from "../../earth/api";
import { heightRange, rebuild, recoveredByClass, relief, teacherAccuracy } from "../../train/api";
import { beside } from "../../view/api";
import { pictureOf } from "./pictures";
import type { Results } from "./results";
import type { HeldOutCrop, Measured, Setting } from "./setting";
import { differencesOf, figure, fixed, percent, verdict } from "./words";

/** A level keeps at most so many times the truth's voxels, as in training's second half. */
const CAP = 2;
const LEVELS = [2, 1, 0] as const;

export function measureStructvae({ models, begin }: Setting, { crop }: HeldOutCrop): Measured {
  begin("StructVAE");
  const { levels, keepAll, dropAll, decoded } = rebuild(models.structvae, crop, CAP);
  const teacher = teacherAccuracy(models.structvae, crop);
  const extent = crop.square.size;
  const range = heightRange(crop.coords, decoded);
  return {
    values: {
      structvae_accuracy_union: [levels[0].overUnion],
      structvae_accuracy: [levels[0].overPseudo],
      structvae_iou: [levels[0].iou],
      ...Object.fromEntries(LEVELS.map((level) => [`structvae_iou_level_${level}`, [levels[level].iou]])),
      ...Object.fromEntries(LEVELS.map((level) => [`structvae_teacher_accuracy_level_${level}`, [teacher[level]]])),
      keep_all_accuracy: [keepAll.overUnion],
      keep_all_iou: [keepAll.iou],
      drop_all_accuracy: [dropAll.overUnion],
      drop_all_iou: [dropAll.iou],
    },
    recovered: recoveredByClass(decoded, crop),
    picture: scope(() =>
      beside(
        [relief(crop.coords, extent, range), relief(decoded, extent, range)].map((shown) => pictureOf(shown, 256)),
        4,
      ),
    ),
  };
}

export function reportStructvae(results: Results): ReportSection {
  const mean = (name: string) => results.mean(name);
  const [accuracy, iou] = [mean("structvae_accuracy_union"), mean("structvae_iou")];
  const [keepAccuracy, keepIou, dropAccuracy] = [mean("keep_all_accuracy"), mean("keep_all_iou"), mean("drop_all_accuracy")];
  const levels = LEVELS.map((level) => ({
    level,
    teacher: mean(`structvae_teacher_accuracy_level_${level}`),
    iou: mean(`structvae_iou_level_${level}`),
  }));
  const weakest = levels.reduce((worst, one) => (one.teacher.mean < worst.teacher.mean ? one : worst));
  const classes = recoveredClasses(results);
  const voxels = classes.reduce((sum, { all }) => sum + all, 0);
  const common = classes.filter(({ all }) => all >= 0.01 * voxels);
  const gaps = differencesOf(
    results,
    {
      title: "StructVAE less what needs no model",
      unit: "share",
      sentence: (found) => `What it adds to keeping everything ${verdict(found.get("structvae_iou_minus_keep_all")!)}.`,
    },
    [
      { name: "structvae_iou_minus_keep_all", label: "IoU − keep all", of: "structvae_iou", over: "keep_all_iou" },
      {
        name: "structvae_accuracy_minus_keep_all",
        label: "accuracy over pseudo ∪ truth − keep all",
        of: "structvae_accuracy_union",
        over: "keep_all_accuracy",
      },
      {
        name: "structvae_accuracy_minus_drop_all",
        label: "accuracy over pseudo ∪ truth − drop all",
        of: "structvae_accuracy_union",
        over: "drop_all_accuracy",
      },
    ],
  );
  return {
    title: "StructVAE: geometry through its latent",
    sentence:
      `Rebuilt from its latent an unseen crop shares ${percent(iou.mean)} of its voxels with the truth (IoU), and ${percent(accuracy.mean)} of all voxels in question are right; ` +
      `keeping every child of the true parents would give ${percent(keepIou.mean)} and ${percent(keepAccuracy.mean)}, dropping all of them ${percent(dropAccuracy.mean)} right.`,
    tables: [
      {
        title: "Free-running: the mean of the latent decoded, the head pruning",
        sentence: "Higher is better, 1 is perfect; the last two columns are what one gets without any model. Brackets are 95 % intervals over crops.",
        columns: ["measure", "StructVAE", "keep all", "drop all"],
        rows: [
          ["accuracy over pseudo ∪ truth", figure(accuracy), fixed(keepAccuracy.mean), fixed(dropAccuracy.mean)],
          ["accuracy over pseudo (the paper's)", figure(mean("structvae_accuracy")), fixed(keepAccuracy.mean), fixed(dropAccuracy.mean)],
          ["IoU", figure(iou), fixed(keepIou.mean), fixed(mean("drop_all_iou").mean)],
        ],
      },
      {
        title: "Level by level",
        sentence: `Told the true parents, the head is right least often at level ${weakest.level} (${percent(weakest.teacher.mean, 1)}); there detail is lost.`,
        columns: ["level", "right where the truth prunes", "IoU, free-running"],
        rows: levels.map(({ level, teacher, iou: own }) => [`${level} (L${level > 0 ? `/${2 ** level}` : ""})`, figure(teacher), figure(own)]),
      },
      ...gaps.tables,
      ...(classes.length > 0
        ? [
            {
              title: "Recovered voxels by class",
              sentence: `Of the classes with 1 % of the voxels or more, ${common[0]!.name} comes back best (${percent(common[0]!.share)}), ${common.at(-1)!.name} worst (${percent(common.at(-1)!.share)}).`,
              columns: ["class", "true voxels", "recovered"],
              rows: classes.map(({ name, all, share }) => [name, all, percent(share, 1)]),
            },
          ]
        : []),
    ],
    intervals: gaps.intervals,
  };
}

/** Classes that are present, the best recovered first, over the voxels of all crops. */
function recoveredClasses(results: Results): { name: string; all: number; share: number }[] {
  const present = CLASSES.map(({ id, name }) => {
    const sum = (pick: "found" | "all") => results.crops.reduce((total, { recovered }) => total + (recovered?.[pick][id] ?? 0), 0);
    return { name, all: sum("all"), share: sum("found") / sum("all") };
  }).filter(({ all }) => all > 0);
  for (const { name, share } of present) results.metric(`recovered_${name.toLowerCase().replaceAll(" ", "_")}`, share);
  return present.sort((a, b) => b.share - a.share);
}
