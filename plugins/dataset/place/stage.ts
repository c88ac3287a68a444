/** Stage `sites`: reads place.yaml and lists the place's sites, each with the origin of its frame. */
import { join } from "node:path";
import { z } from "zod";
import { defineStage } from "../../../cli/plugin";
import { siteNameSchema } from "./place-file";

export const sitesFileSchema = z.strictObject({
  place: z.string(),
  attribution: z.array(z.string()),
  sites: z.array(z.strictObject({ name: siteNameSchema, origin: z.strictObject({ lat: z.number(), lon: z.number(), h: z.number() }) })),
});

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
    const { readPlace } = await import("./place-file");
    const { resolveSites } = await import("./sites");
    const { readPlaceMap } = await import("./map");
    const place = readPlace(task.place);
    const all = await resolveSites(place, await readPlaceMap(place), (text) => task.warn(text));
    const chosen = task.options.site_count > 0 ? all.slice(0, task.options.site_count) : all;
    const file: z.infer<typeof sitesFileSchema> = { place: place.name, attribution: place.attribution, sites: chosen };
    await Bun.write(join(task.out, "sites.json"), `${JSON.stringify(file, null, 1)}\n`);
    task.section({
      title: `The place: ${place.name}`,
      sentence: `${chosen.length} site${chosen.length === 1 ? "" : "s"} of 600 m round ${place.center.lat.toFixed(4)}, ${place.center.lon.toFixed(4)}.`,
      tables: [
        {
          title: "Sites",
          columns: ["site", "latitude", "longitude", "ellipsoidal height (m)"],
          rows: chosen.map(({ name, origin }) => [name, origin.lat.toFixed(6), origin.lon.toFixed(6), origin.h.toFixed(1)]),
        },
        { title: "Sources", columns: ["attribution"], rows: place.attribution.map((line) => [line]) },
      ],
      metrics: { sites: chosen.length },
    });
    return { items: chosen.map((s) => s.name), metrics: { sites: chosen.length } };
  },
});
