/** `earthcraft eval`: measures on held-out crops by the models of a finished run. */
import { defineCommand } from "../../cli/plugin";

export const evalCommand = defineCommand({
  name: "eval",
  summary: "measure the models of a run on held-out crops, beside what needs no model",
  args: { run: { summary: "run folder with five trained models", completes: "run" } },
  flags: {
    crops: { kind: "integer", summary: "held-out crops; 0 = all", value: "N", default: 0 },
    seeds: { kind: "integer", summary: "scenes of each crop and condition", value: "N" },
  },
  accepts: ["seed", "device", "out", "set"],
  examples: ["earthcraft eval runs/quickstart --seeds 3 --json"],
  run: async (context) => {
    const { runOnModels } = await import("../sample/api");
    await runOnModels(context, "evaluate", context.args.run, { ...context.flags });
  },
});
