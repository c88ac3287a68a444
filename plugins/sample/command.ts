/** `earthcraft sample`: scenes by the models of a finished run. */
import { defineCommand } from "../../cli/plugin";

export const sampleCommand = defineCommand({
  name: "sample",
  summary: "generate scenes with the models of a run: from a map, a view or nothing",
  args: { run: { summary: "run folder with five trained models", completes: "run" } },
  flags: {
    condition: { kind: "string", summary: "what the models are told", choices: ["semantic", "image", "none"] },
    crop: { kind: "string", summary: "crop of the data set whose map or view is the condition", value: "ID" },
    map: { kind: "path", summary: "palette PNG of class ids, north up, instead of a crop's map", value: "FILE" },
    voxels: { kind: "path", summary: "texture these voxels instead of generating some: a sample or a scene", value: "FILE" },
    count: { kind: "integer", summary: "scenes of different seeds", value: "N" },
  },
  accepts: ["seed", "device", "out", "set"],
  examples: [
    "earthcraft sample runs/quickstart --condition none --count 4 --seed 3",
    "earthcraft sample runs/quickstart --voxels runs/quickstart/voxelize/x1y1/c11/sample.safetensors",
  ],
  run: async (context) => {
    const { runOnModels } = await import("./trained-run");
    await runOnModels(context, "sample", context.args.run, { ...context.flags });
  },
});
