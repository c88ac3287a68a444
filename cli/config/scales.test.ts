import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { defineStage } from "../plugin";
import { resolveRecipe } from "./recipe";
import { forbiddenDifferences, scaleDifferences } from "./scales";

const train = defineStage({
  name: "train",
  version: 1,
  title: "",
  native: false,
  options: z.strictObject({
    steps: z.int().default(1),
    model: z.strictObject({ depth: z.int().default(2), widths: z.array(z.int()).default([1, 2]) }).prefault({}),
  }),
  run: async () => ({}),
});
const source = { metricNames: () => [], stageNames: () => ["train"], stage: async (name: string) => (name === "train" ? train : undefined) };

test("what a scale changes is found, and held against the list", async () => {
  const dir = mkdtempSync(join(tmpdir(), "earthcraft-scales-"));
  const path = join(dir, "r.yaml");
  writeFileSync(
    path,
    "stages:\n  - { train-a: { stage: train } }\n  - { train-b: { stage: train, steps: 5 } }\nscale:\n  paper: {}\n  mini: { train: { steps: 2 }, train-b: { model: { widths: [1], depth: 3 } } }\n",
  );
  const at = (scale: string) => resolveRecipe({ path, cwd: dir, scale }, source);
  const [paper, mini] = [await at("paper"), await at("mini")];
  rmSync(dir, { recursive: true });

  expect(scaleDifferences(paper, mini)).toEqual(["train-a.steps", "train-b.steps", "train-b.model.depth", "train-b.model.widths"]);
  expect(forbiddenDifferences(paper, mini, ["train.steps"])).toEqual(["train-b.model.depth", "train-b.model.widths"]);
  expect(forbiddenDifferences(paper, mini, ["train-*.steps", "*.model.widths"])).toEqual(["train-b.model.depth"]);
  expect(forbiddenDifferences(paper, mini, ["*.steps", "train-b.model"])).toEqual([]);
  expect(forbiddenDifferences(paper, mini, ["step", "train-a"])).toHaveLength(3);
  expect(scaleDifferences(paper, paper)).toEqual([]);
});
