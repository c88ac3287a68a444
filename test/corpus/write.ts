#!/usr/bin/env bun
/** Writes every bad file of the corpus into a folder, to look at or to try on another program: `./earthcraft bun test/corpus/write.ts DIR`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BadFile } from "./bad-file";
import { badBuildings } from "./buildings";
import { badPbfs, badXmls } from "./maps";
import { badPlaces } from "./places";
import { badRasters } from "./rasters";
import { badRecipes } from "./recipes";
import { badScenes } from "./weights";

const dir = process.argv[2];
if (dir === undefined) throw new Error("name a folder to write into");
const kinds: Record<string, BadFile[]> = {
  tif: badRasters(),
  "osm.pbf": badPbfs(),
  osm: badXmls(),
  geojsonl: badBuildings(),
  "place.yaml": badPlaces(),
  "recipe.yaml": badRecipes(),
  safetensors: badScenes("/tmp/unpickled"),
};
mkdirSync(dir, { recursive: true });
for (const [ending, files] of Object.entries(kinds))
  for (const { what, bytes } of files) writeFileSync(join(dir, `${what.replace(/[^\w]+/g, "-")}.${ending}`), bytes);
