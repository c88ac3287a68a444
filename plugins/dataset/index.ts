import { definePlugin, defineRunCommand } from "../../cli/plugin";
import { annotate } from "./annotate/stage";
import { capture } from "./capture/stage";
import { datasetLs, datasetReindex, datasetShow } from "./catalog/commands";
import { sites } from "./place/stage";
import { placeCheck } from "./place-check/command";
import { placeInit } from "./place-init/command";
import { placeMake } from "./sample-place/command";
import { samplePlace } from "./sample-place/stage";
import { scene } from "./scene/stage";
import { split } from "./split/stage";
import { viewpoints } from "./viewpoints/stage";
import { voxelize } from "./voxelize/stage";

const build = defineRunCommand({ name: "dataset build", summary: "build the data set of a recipe: `run RECIPE --until split`", until: "split" });

export default definePlugin({
  name: "dataset",
  summary: "places, scenes and the samples that models train on",
  commands: [placeMake, placeInit, placeCheck, build, datasetLs, datasetShow, datasetReindex],
  stages: [samplePlace, sites, scene, viewpoints, capture, annotate, voxelize, split],
});
