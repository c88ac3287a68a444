import { defineCommand, EXIT, UserError } from "../../../cli/plugin";

const dir = { summary: "run folder of a data set", completes: "run" } as const;

export const datasetLs = defineCommand({
  name: "dataset ls",
  summary: "list the samples of a data set",
  args: { dir },
  flags: {
    split: { kind: "string", summary: "only this split", choices: ["train", "tuning", "validation", "unused"] },
    site: { kind: "string", summary: "only this site" },
  },
  examples: ["earthcraft dataset ls runs/quickstart --split validation"],
  run: async ({ args, flags, result }) => {
    const { listSamples } = await import("./catalog");
    const rows = await listSamples(args.dir, { split: flags.split, site: flags.site });
    const line = (cells: (string | number)[]) =>
      [String(cells[0]).padEnd(24), String(cells[1]).padEnd(11), ...cells.slice(2, 6).map((c) => String(c).padStart(8)), ` ${cells[6]}`].join(" ");
    const lines = [
      line(["sample", "split", "voxels", "highest", "cut", "views", "mostly"]),
      ...rows.map((r) =>
        line([r.id, r.split, r.voxels, r.height_cells, r.cut_voxels, r.views, `${r.main_class} ${(100 * r.main_share).toFixed(0)} %`]),
      ),
    ];
    result(rows, lines.join("\n"));
  },
});

export const datasetShow = defineCommand({
  name: "dataset show",
  summary: "show one sample: where it lies, its classes, what sees it",
  args: { dir, sample: { summary: "its id, as `dataset ls` prints it" } },
  examples: ["earthcraft dataset show runs/quickstart site-00.c11"],
  run: async ({ args, result }) => {
    const [{ openDataset }, { describeSample }] = await Promise.all([import("../sample-format/dataset"), import("./describe")]);
    const dataset = await openDataset(args.dir);
    if (!dataset.ids(undefined).includes(args.sample))
      throw new UserError({
        what: `there is no sample "${args.sample}"`,
        where: dataset.file,
        fix: `see: earthcraft dataset ls ${args.dir}`,
        exit: EXIT.badInput,
      });
    const [entry, record] = [dataset.entry(args.sample), await dataset.readRecord(args.sample)];
    result({ ...record, split: entry.split, dir: entry.dir }, describeSample(entry, record));
  },
});

export const datasetReindex = defineCommand({
  name: "dataset reindex",
  summary: "make the catalogue of a data set anew from its files",
  args: { dir },
  run: async ({ args, result }) => {
    const { rebuildCatalog } = await import("./catalog");
    const made = await rebuildCatalog(args.dir);
    result(made, `${made.file}: ${made.samples} samples`);
  },
});
