import { resolve } from "node:path";
import { defineCommand } from "../../../cli/plugin";

export const placeMake = defineCommand({
  name: "dataset place make",
  summary: "make the sample place: a valley town in real file formats",
  accepts: ["seed", "out"],
  examples: ["earthcraft dataset place make --seed 7 --out town"],
  run: async (context) => {
    const { makeSamplePlace } = await import("./make");
    const file = makeSamplePlace(context.common.seed ?? 7, resolve(context.io.cwd, context.common.out ?? "sample-place"));
    context.result({ place: file }, file);
  },
});
