import { dirname, join, relative } from "node:path";
import { defineStage } from "../../../cli/plugin";
import { splitOptions } from "./options";

export const split = defineStage({
  name: "split",
  version: 2,
  title: "Training and validation",
  options: splitOptions,
  needs: ["voxelize", "capture"],
  native: false,
  run: async (task) => {
    const [
      { assignSplit },
      { SPLIT_FILE, splitSchema },
      { readSamples },
      { addClassSums, meanColourPsnr },
      { cautionsOn, siteMixes, splitTables },
      { likenessOf },
    ] = await Promise.all([
      import("./assign"),
      import("../sample-format/index-file"),
      import("../sample-format/read-samples"),
      import("../capture/mean-colour"),
      import("./tables"),
      import("./likeness"),
    ]);
    const { options } = task;
    const [voxelize, capture] = [task.inputs.voxelize!, task.inputs.capture!];
    // The folder that this one is renamed to lies beside those of the stages it names.
    const home = join(dirname(voxelize.dir), task.id);
    const samples = (await Promise.all(voxelize.items.map((site) => readSamples(voxelize.dirOf(site))))).flat();
    const assigned = assignSplit(
      samples.map(({ record }) => record),
      {
        policy: options.policy,
        seed: task.seed,
        heldOutSites: options.held_out_sites,
        tuningSites: options.tuning_sites,
        groups: options.height_groups,
        share: options.share,
        leastPerGroup: options.least_per_group,
        highest_m: options.highest_m,
        leastGradient: options.least_gradient,
      },
    );
    const index = splitSchema.parse({
      version: 1,
      policy: assigned.policy,
      seed: task.seed,
      extractor: samples[0]!.record.extractor,
      cells: samples[0]!.record.cells,
      sites: voxelize.items.map((id) => ({
        id,
        held_out: assigned.heldOutSites.includes(id),
        tuning: assigned.tuningSites.includes(id),
        views_dir: relative(home, capture.dirOf(id)),
      })),
      samples: samples.map(({ dir, record }) => ({
        id: record.id,
        site: record.site,
        split: assigned.split.get(record.id)!,
        dir: relative(home, dir),
        voxels: record.voxels,
        height_cells: record.height_cells,
        ...(assigned.reason.has(record.id) ? { reason: assigned.reason.get(record.id) } : {}),
        ...(assigned.group.has(record.id) ? { group: assigned.group.get(record.id) } : {}),
      })),
    });
    await Bun.write(join(task.out, SPLIT_FILE), JSON.stringify(index, null, 1));

    const sums = await Promise.all(
      index.sites.map(async ({ id, ...site }) => ({ ...site, sums: await Bun.file(join(capture.dirOf(id), "class-colours.json")).json() })),
    );
    const training = addClassSums(sums.filter((s) => !s.held_out && !s.tuning).map((s) => s.sums));
    const held = sums.filter((s) => s.held_out);
    const anyHeld = held.length > 0;
    const psnr = meanColourPsnr(training, anyHeld ? addClassSums(held.map((s) => s.sums)) : training);
    const records = samples.map(({ record }) => record);
    const likeness = index.policy === "sites" ? likenessOf(siteMixes(index, records)) : undefined;
    for (const caution of cautionsOn(index, likeness)) task.warn(caution);
    const count = (name: string) => index.samples.filter((s) => s.split === name).length;
    const validating = index.policy === "none" ? count("train") : count("validation");
    const voxels = index.samples.reduce((sum, s) => sum + s.voxels, 0) / index.samples.length;
    task.section({
      title: "The data set",
      sentence: `${count("train")} crops train${count("tuning") > 0 ? `, ${count("tuning")} of another site tune` : ""} and ${validating} validate${count("unused") > 0 ? `, ${count("unused")} are left out` : ""}; a picture in which every pixel has its class's mean colour would score ${psnr.toFixed(1)} dB${anyHeld ? " on the held-out sites" : ""}.`,
      tables: splitTables(index, records, likeness),
    });
    return {
      items: index.samples.map((s) => s.id),
      metrics: {
        train: count("train"),
        tuning: count("tuning"),
        validation: validating,
        sites: index.sites.length,
        voxels,
        mean_colour_psnr: psnr,
      },
    };
  },
});
