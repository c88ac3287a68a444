import { definePlugin } from "../../cli/plugin";
import { sampleCommand } from "./command";

export default definePlugin({
  name: "sample",
  summary: "scenes from a map, a view or nothing",
  commands: [sampleCommand],
  stages: [async () => (await import("./refinement/stage")).tuneRefinement, async () => (await import("./stage")).sample],
});
