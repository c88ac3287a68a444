import { definePlugin } from "../../cli/plugin";
import { evalCommand } from "./command";

export default definePlugin({
  name: "eval",
  summary: "measures beside baselines, and the report of a run",
  commands: [evalCommand],
  stages: [async () => (await import("./protocol/stage")).evaluate],
  metrics: [async () => (await import("./metrics/height-error")).heightError],
  report: async (runDir) => (await import("./report/write")).writeReport(runDir),
});
