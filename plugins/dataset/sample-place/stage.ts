/** Stage `sample-place`: a recipe's `place: sample-place` makes the sample place as a part of the run. */
import { z } from "zod";
import { defineStage } from "../../../cli/plugin";

export const samplePlace = defineStage({
  name: "sample-place",
  version: 1,
  title: "Sample place",
  options: z.strictObject({ place_seed: z.int().min(0).max(0x7fffffff).default(7) }),
  native: false,
  minutes: 0.02,
  run: async (task) => {
    const { makeSamplePlace } = await import("./make");
    makeSamplePlace(task.options.place_seed, task.out);
    task.section({
      title: "The sample place",
      sentence: "A made-up valley town of 2.4 × 2.4 km, written as GeoTIFF, OpenStreetMap PBF and GeoJSON lines.",
    });
    return {};
  },
});
