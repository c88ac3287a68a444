import { definePlugin } from "../../cli/plugin";

export default definePlugin({
  name: "sample",
  summary: "scenes from a map, a view or nothing",
  stages: [async () => (await import("./stage")).sample],
});
