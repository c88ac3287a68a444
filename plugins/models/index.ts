import { defineCommand, definePlugin } from "../../cli/plugin";

const models = defineCommand({
  name: "models",
  summary: "list the five models and their parameters",
  accepts: ["scale"],
  examples: ["earthcraft models --scale paper --json"],
  run: async ({ common, result }) => {
    const { listModels } = await import("./command");
    const { value, text } = listModels(common.scale);
    result(value, text);
  },
});

export default definePlugin({ name: "models", summary: "The paper's five models", commands: [models] });
