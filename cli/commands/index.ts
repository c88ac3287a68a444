/** The host's own commands, as a plugin like any other. */
import { definePlugin } from "../plugin";
import { completion } from "./completion";
import { recipeCheck, recipeSchema, recipeShow } from "./recipe";
import { run } from "./run";
import { runsList, runsShow, runsVerify } from "./runs";

export default definePlugin({
  name: "run",
  summary: "Recipes and run folders",
  commands: [run, recipeCheck, recipeShow, recipeSchema, runsList, runsShow, runsVerify, completion],
});
