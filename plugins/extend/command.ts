/** `earthcraft extend`: one large scene by the models of a finished run. */
import { defineCommand } from "../../cli/plugin";

export const extendCommand = defineCommand({
  name: "extend",
  summary: "grow one large scene window by window with the models of a run",
  args: { run: { summary: "run folder with five trained models", completes: "run" } },
  flags: {
    columns: { kind: "integer", summary: "windows from west to east", value: "N" },
    rows: { kind: "integer", summary: "windows from south to north", value: "N" },
    condition: { kind: "string", summary: "what the models are told", choices: ["semantic", "none"] },
    site: { kind: "string", summary: "site whose map the scene follows", value: "ID" },
  },
  accepts: ["seed", "device", "out", "set"],
  examples: ["earthcraft extend runs/quickstart --columns 3 --rows 3", "earthcraft extend runs/quickstart --condition none --columns 8 --rows 1"],
  run: async (context) => {
    const { runOnModels } = await import("../sample/api");
    await runOnModels(context, "extend", context.args.run, { ...context.flags });
  },
});
