/** `earthcraft eval`: measures on held-out crops by the models of a finished run. */
import { defineCommand, EXIT, UserError } from "../../cli/plugin";

export const evalCommand = defineCommand({
  name: "eval",
  summary: "measure the models of a run on held-out crops, beside what needs no model",
  args: { run: { summary: "run folder with five trained models", completes: "run" } },
  flags: {
    crops: { kind: "string", summary: "held-out crops, or `all`", value: "N", default: "all" },
    seeds: { kind: "integer", summary: "draws of each crop and condition", value: "N" },
    only: { kind: "string", summary: "parts, joined by commas: structvae, texvae, classsfm, texfm, chain", value: "PARTS" },
  },
  accepts: ["seed", "device", "out", "set"],
  examples: ["earthcraft eval runs/quickstart --crops all --seeds 3", "earthcraft eval runs/quickstart --only structvae,texvae --json"],
  run: async (context) => {
    const { runOnModels } = await import("../sample/api");
    const { crops, seeds, only } = context.flags;
    await runOnModels(context, "evaluate", context.args.run, { crops: cropsOf(crops), seeds, only: only?.split(",") });
    // What was measured beside the recipe stands in the run's report too.
    if (context.common.out !== undefined) return;
    const { writeReport } = await import("./report/write");
    await writeReport(context.args.run);
    context.ui.info(`report: ${context.args.run}/report/index.html`);
  },
});

function cropsOf(text: string): "all" | number {
  if (text === "all") return text;
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw new UserError({ what: `--crops wants a number above 0 or \`all\`, not "${text}"`, exit: EXIT.usage });
}
