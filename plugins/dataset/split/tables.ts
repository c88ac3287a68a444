import { CLASSES } from "../../earth/api";
import type { SplitIndex } from "../sample-format/index-file";
import type { SampleRecord } from "../sample-format/sample";
import { farFrom, type Likeness, type SiteMix, sayLikeness } from "./likeness";

/** What a reader should know before he believes a measure that is taken on this data set: how little is held out, or how unlike the rest it is. */
export function cautionsOn(index: SplitIndex, likeness: Likeness | undefined): string[] {
  const { sites, policy } = index;
  const held = sites.filter(({ held_out }) => held_out).map(({ id }) => id);
  const few = sites.length === 1 ? "one site" : `${sites.length} sites`;
  if (policy === "none")
    return [
      `Too small to hold anything out: measures are taken on the crops that the models were trained on. They say whether a model learns, not whether it generalizes.`,
    ];
  if (policy === "crop")
    return [
      `Too small to hold a site out (${few}): measures are taken on one crop of 200 m, beside crops of its site that the models were trained on.`,
    ];
  if (policy !== "sites") return [];
  return [
    ...(held.length === 1 ? [`One site of ${sites.length} is held out: another would give other measures.`] : []),
    ...(likeness !== undefined && farFrom(likeness, held).length > 0 ? [sayLikeness(likeness, held)] : []),
  ];
}

/** Sites by the voxels of their classes. */
export function siteMixes(index: SplitIndex, records: readonly SampleRecord[]): SiteMix[] {
  return index.sites.map(({ id }) => {
    const own = records.filter((r) => r.site === id);
    const training = index.samples.some((s) => s.site === id && s.split === "train");
    return { id, training, mix: CLASSES.map((_, c) => own.reduce((sum, r) => sum + (r.class_voxels[c] ?? 0), 0)) };
  });
}

/** What the report tells of a data set: its sites, and its classes beside the paper's. */
export function splitTables(
  index: SplitIndex,
  records: readonly SampleRecord[],
  likeness: Likeness | undefined,
): { title: string; columns: string[]; rows: (string | number)[][] }[] {
  const sites = index.sites.map(({ id, held_out, tuning }) => {
    const own = records.filter((r) => r.site === id);
    return [
      id,
      held_out ? "validation" : tuning ? "tuning" : index.policy === "sites" ? "train" : "mixed",
      own.length,
      Math.round(own.reduce((sum, r) => sum + r.voxels, 0) / Math.max(1, own.length)),
      own.reduce((high, r) => Math.max(high, r.height_cells), 0),
      own.reduce((sum, r) => sum + r.cut_voxels, 0),
      index.samples.filter((s) => s.site === id && s.split === "unused").length,
      ...(likeness === undefined ? [] : [`${Math.round(100 * (likeness.shared.get(id) ?? 0))} %`]),
    ];
  });
  const ofSplit = new Map(index.samples.map((s) => [s.id, s.split]));
  const share = (of: readonly SampleRecord[], id: number) =>
    Number(
      (
        (100 * sumOf(of, (r) => r.class_voxels[id]!)) /
        Math.max(
          1,
          sumOf(of, (r) => r.voxels),
        )
      ).toFixed(2),
    );
  const [training, held] = (["train", "validation"] as const).map((split) => records.filter((r) => ofSplit.get(r.id) === split)) as [
    SampleRecord[],
    SampleRecord[],
  ];
  const classes = CLASSES.map(({ id, name, percentage }) => [
    name,
    sumOf(records, (r) => r.class_voxels[id]!),
    share(training, id),
    ...(held.length === 0 ? [] : [share(held, id)]),
    percentage,
  ]).filter(([, voxels, ...shares]) => (voxels as number) > 0 || (shares.at(-1) as number) > 1);
  const common = likeness === undefined ? [] : ["classes in common with those that train"];
  return [
    { title: "Sites", columns: ["site", "split", "crops", "voxels a crop", "highest cell", "cut voxels", "left out", ...common], rows: sites },
    {
      title: "Classes",
      columns: ["class", "voxels", "training %", ...(held.length === 0 ? [] : ["held out %"]), "Aerial-Earth3D %"],
      rows: classes.sort((a, b) => (b[1] as number) - (a[1] as number)),
    },
  ];
}

function sumOf(records: readonly SampleRecord[], value: (record: SampleRecord) => number): number {
  return records.reduce((sum, record) => sum + value(record), 0);
}
