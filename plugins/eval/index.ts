import { definePlugin } from "../../cli/plugin";

export default definePlugin({
  name: "eval",
  summary: "measures beside baselines, and the report of a run",
  report: async (runDir) => (await import("./report/write")).writeReport(runDir),
});
