import { definePlugin } from "../../cli/plugin";

export default definePlugin({
  name: "extend",
  summary: "scenes without end, window by window",
  stages: [async () => (await import("./stage")).extend],
});
