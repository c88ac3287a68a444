import { defineCommand } from "../../../cli/plugin";

export const placeCheck = defineCommand({
  name: "dataset place check",
  summary: "say what a place's files hold, and what will hurt, before anything is built",
  args: { file: { summary: "place.yaml" } },
  accepts: ["seed", "out"],
  examples: ["earthcraft dataset place check my/place.yaml", "earthcraft dataset place check my/place.yaml --out my-place.png --json"],
  run: async ({ args, common, io, result }) => {
    const [{ resolve }, { EXIT }, { checkPlace }, { checkJson, checkText }, { picturePath, writePicture }] = await Promise.all([
      import("node:path"),
      import("../../../cli/plugin"),
      import("./check"),
      import("./table"),
      import("./write-picture"),
    ]);
    const check = await checkPlace(resolve(io.cwd, args.file), { seed: common.seed ?? 7, siteCount: 0 });
    const picture = await writePicture(check, picturePath(check, common.out, io.env));
    result(checkJson(check, picture), checkText(check, picture));
    if (check.errors.length > 0) process.exitCode = EXIT.badInput;
  },
});
