import { defineCommand } from "../plugin";

const recipe = { recipe: { summary: "recipe file (.yaml)", completes: "recipe" } } as const;

export const recipeCheck = defineCommand({
  name: "recipe check",
  summary: "look a recipe through at every scale: what would run, and all that is wrong",
  args: recipe,
  accepts: ["scale", "set", "seed"],
  examples: ["earthcraft recipe check my-recipe.yaml", "earthcraft recipe check my-recipe.yaml --scale mini --set train-texvae.training.steps=100"],
  async run({ args, common, plugins, io, result }) {
    const [{ checkRecipe }, { checkText }] = await Promise.all([import("../config/check"), import("./recipe-output")]);
    const { exit, ...checked } = await checkRecipe({ ...common, path: args.recipe, cwd: io.cwd }, plugins);
    result({ ok: checked.problems.length === 0, recipe: args.recipe, ...checked }, checkText(args.recipe, checked));
    if (exit !== 0) process.exitCode = exit;
  },
});

export const recipeShow = defineCommand({
  name: "recipe show",
  summary: "write a recipe out with every option of every stage, as a recipe again",
  args: recipe,
  flags: { origin: { kind: "boolean", summary: "behind each value, where it was written" } },
  accepts: ["scale", "set", "seed"],
  examples: ["earthcraft recipe show recipes/quickstart.yaml --origin", "earthcraft recipe show recipes/quickstart.yaml --scale mini > mine.yaml"],
  async run({ args, flags, common, plugins, io, result }) {
    const [{ resolveRecipe }, { originsOf, originTable, showRecipe }] = await Promise.all([import("../config/recipe"), import("../config/show")]);
    const resolved = await resolveRecipe({ ...common, path: args.recipe, cwd: io.cwd }, plugins);
    const text = showRecipe(resolved, flags.origin ? originsOf(resolved) : undefined, common.seed !== undefined);
    result(
      { recipe: args.recipe, hash: resolved.hash, ...resolved.value, ...(flags.origin ? { origins: originTable(resolved) } : {}) },
      text.trimEnd(),
    );
  },
});

export const recipeSchema = defineCommand({
  name: "recipe schema",
  summary: "print the JSON Schema of recipes, for editors",
  examples: ["earthcraft recipe schema > recipe.schema.json"],
  async run({ plugins, result }) {
    const { recipeSchema: schemaOf } = await import("../config/schema");
    const schema = await schemaOf(plugins);
    result(schema, JSON.stringify(schema, null, 2));
  },
});
