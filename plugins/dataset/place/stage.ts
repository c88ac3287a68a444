/** Stage `sites`: checks the place and lists the place's sites, each with the origin of its frame. */
import { join } from "node:path";
import { z } from "zod";
import { defineStage } from "../../../cli/plugin";
import { siteNameSchema } from "./place-file";

export const sitesFileSchema = z.strictObject({
  place: z.string(),
  attribution: z.array(z.string()),
  sites: z.array(z.strictObject({ name: siteNameSchema, origin: z.strictObject({ lat: z.number(), lon: z.number(), h: z.number() }) })),
});

/** The place from above. */
const PICTURE = "place.png";

export const sites = defineStage({
  name: "sites",
  version: 1,
  title: "Sites of the place",
  options: z.strictObject({
    /** Take only the first so many sites; 0 = all. */
    site_count: z.int().min(0).default(0),
  }),
  native: false,
  minutes: 0.01,
  run: async (task) => {
    const [{ checkPlace }, { holdOutSentence, originTable, sentenceOf, siteTable, sourceTable }, { writePicture }] = await Promise.all([
      import("../place-check/check"),
      import("../place-check/table"),
      import("../place-check/write-picture"),
    ]);
    const check = await checkPlace(task.place, { seed: task.seed, siteCount: task.options.site_count });
    for (const text of check.warnings) task.warn(text);
    const [error] = check.errors;
    if (error !== undefined) throw error;
    const { place, sites: chosen } = check;
    const file: z.infer<typeof sitesFileSchema> = { place: place.name, attribution: place.attribution, sites: chosen };
    await Bun.write(join(task.out, "sites.json"), `${JSON.stringify(file, null, 1)}\n`);
    await writePicture(check, join(task.out, PICTURE));
    task.section({
      title: `The place: ${place.name}`,
      sentence: `${sentenceOf(check)} ${holdOutSentence(check)}`,
      figures: [
        {
          file: PICTURE,
          caption:
            "North is up. Shaded heights; coloured where the map names the ground; water blue, roads dark, footprints red; a square is a site.",
        },
      ],
      tables: [
        sourceTable(check),
        siteTable(check),
        originTable(check),
        { title: "Attribution", columns: ["whose data these are"], rows: place.attribution.map((line) => [line]) },
      ],
      metrics: { sites: chosen.length },
    });
    return { items: chosen.map((s) => s.name), metrics: { sites: chosen.length } };
  },
});
