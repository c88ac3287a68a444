import { definePlugin } from "../../cli/plugin";
import { sites } from "./place/stage";
import { placeMake } from "./sample-place/command";
import { samplePlace } from "./sample-place/stage";
import { scene } from "./scene/stage";

export default definePlugin({
  name: "dataset",
  summary: "places, scenes and the samples that models train on",
  commands: [placeMake],
  stages: [samplePlace, sites, scene],
});
