import { defineCommand } from "../plugin";

export const run = defineCommand({
  name: "run",
  summary: "run a recipe: whatever of it is not done yet",
  args: { recipe: { summary: "recipe file (.yaml)", completes: "recipe" } },
  flags: {
    until: { kind: "string", value: "STAGE", summary: "all stages up to this one", completes: "stage" },
    only: { kind: "list", value: "STAGE", summary: "this stage and what it reads; may be given several times", completes: "stage" },
    jobs: { kind: "integer", value: "N", summary: "items worked on at a time (as many as threads)" },
    threads: { kind: "integer", value: "N", summary: "threads to compute with (all)" },
    shard: { kind: "string", value: "I/N", summary: "only the I-th of N parts of every stage's items, to share a run between machines" },
    print: { kind: "boolean", summary: "print the command of each stage instead" },
  },
  accepts: ["scale", "set", "seed", "device", "out", "dryRun"],
  examples: [
    "earthcraft run recipes/quickstart.yaml",
    "earthcraft run recipes/quickstart.yaml --set place=my/place.yaml --dry-run",
    "earthcraft run recipes/quickstart.yaml --until split",
  ],
  async run({ args, flags, runRecipe }) {
    const { until, only, jobs, threads, shard, print } = flags;
    await runRecipe({
      recipe: args.recipe,
      print,
      ...(until === undefined ? {} : { until }),
      ...(only.length === 0 ? {} : { only }),
      ...(jobs === undefined ? {} : { jobs: Math.max(1, jobs) }),
      ...(threads === undefined ? {} : { threads: Math.max(1, threads) }),
      ...(shard === undefined ? {} : { shard }),
    });
  },
});
