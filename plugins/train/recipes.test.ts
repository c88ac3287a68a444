/** The base recipes and the models' own configs say the same. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { Stage } from "../../cli/plugin";
import { type ModelName, models } from "../models/api";
import plugin from "./index";

const stages = await Promise.all((plugin.stages ?? []).map((stage): Promise<Stage> | Stage => (typeof stage === "function" ? stage() : stage)));
const stage = (name: string) => stages.find((found) => found.name === name)!;
const base = (file: string) => parse(readFileSync(join(import.meta.dir, "../../recipes/base", `${file}.yaml`), "utf8"));

function merged(under: unknown, over: unknown): unknown {
  if (over === undefined) return under;
  const isMap = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isMap(under) || !isMap(over)) return over;
  return Object.fromEntries([...new Set([...Object.keys(under), ...Object.keys(over)])].map((key) => [key, merged(under[key], over[key])]));
}

for (const name of Object.keys(models) as ModelName[])
  for (const scale of ["paper", "mini"] as const)
    test(`train-${name} at ${scale} builds the ${scale} ${name}`, () => {
      const recipe = base(name);
      const options = stage(`train-${name}`).options.parse(merged(recipe[`train-${name}`], recipe.scale[scale][`train-${name}`]));
      expect(options.model as unknown).toEqual(models[name].build(scale).config);
    });

test("the paper's options are the stages' defaults", () => {
  for (const name of Object.keys(models))
    expect(stage(`train-${name}`).options.parse(base(name)[`train-${name}`])).toEqual(stage(`train-${name}`).options.parse({}));
});

test("a rank more than the crops can share is refused in words", () => {
  expect(() => stage("train-classsfm").options.parse({ training: { batch: 3, ranks: 2 } })).toThrow("batch must be a multiple of ranks");
});
