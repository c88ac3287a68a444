import { definePlugin } from "../../cli/plugin";
import { extendCommand } from "./command";

export default definePlugin({
  name: "extend",
  summary: "scenes without end, window by window",
  commands: [extendCommand],
  stages: [async () => (await import("./stage")).extend],
});
