/** Every recipe that ships resolves at every scale it has, `mini` changes only what `recipes/base/mini-keys.yaml` lists, and the schema that editors read takes and refuses what the program does. */
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve as resolvePath } from "node:path";
import Ajv from "ajv";
import { parse } from "yaml";
import { z } from "zod";
import { readLayers } from "../cli/config/layers";
import { resolveRecipe } from "../cli/config/recipe";
import { forbiddenDifferences } from "../cli/config/scales";
import { recipeSchema } from "../cli/config/schema";
import { originsOf, showRecipe } from "../cli/config/show";
import { Host } from "../cli/host";
import { programRoot } from "../cli/io";
import { defineStage, fileOption, type InstalledPlugins } from "../cli/plugin";

const host = new Host({});
const recipes = existsSync(join(programRoot, "recipes"))
  ? [...new Bun.Glob("recipes/**/*.yaml").scanSync({ cwd: programRoot })]
      .filter((path) => /^stages:|^extends:/m.test(readFileSync(join(programRoot, path), "utf8")))
      .sort()
  : [];
const keysFile = join(programRoot, "recipes/base/mini-keys.yaml");
const resolve = (path: string, scale?: string) => resolveRecipe({ path, cwd: programRoot, ...(scale === undefined ? {} : { scale }) }, host);

describe("recipes", () => {
  for (const path of recipes) {
    const sections = readLayers(path, programRoot).entries.get("scale");
    const scales = sections?.kind === "map" ? [...sections.entries.keys()] : [];
    test(`${path} resolves${scales.length === 0 ? "" : ` at ${scales.join(", ")}`}`, async () => {
      await resolve(path);
      for (const scale of scales) expect((await resolve(path, scale)).variants.length).toBeGreaterThan(0);
    });

    if (scales.includes("paper") && scales.includes("mini"))
      test(`${path}: mini changes only what it may`, async () => {
        const { keys } = parse(readFileSync(keysFile, "utf8")) as { keys: string[] };
        expect(forbiddenDifferences(await resolve(path, "paper"), await resolve(path, "mini"), keys)).toEqual([]);
      });
  }
  test("are found by what they hold", () => expect(recipes.every((path) => path.endsWith(".yaml"))).toBe(true));
});

describe("the schema", async () => {
  // ajv is an implementation of JSON Schema draft 7 that has nothing to do with ours.
  const ajv = new Ajv({ strict: false, allErrors: true });
  const schema = await recipeSchema(host);
  const validate = ajv.compile(schema);
  const faults = (text: string) => {
    validate(parse(text));
    return (validate.errors ?? []).map(({ instancePath }) => instancePath);
  };
  const layers = [...new Bun.Glob("recipes/**/*.yaml").scanSync({ cwd: programRoot })].filter((path) => !path.endsWith("mini-keys.yaml")).sort();

  test("is itself one of draft 7, and every reference in it leads somewhere", () => {
    expect(schema.$schema).toBe("http://json-schema.org/draft-07/schema#");
    expect(ajv.validateSchema(schema)).toBe(true);
  });

  for (const path of layers)
    test(`takes ${path}, which names it for editors`, () => {
      const text = readFileSync(join(programRoot, path), "utf8");
      expect(faults(text)).toEqual([]);
      const named = /^# yaml-language-server: \$schema=(.*)$/m.exec(text)?.[1];
      expect(relative(programRoot, resolvePath(programRoot, dirname(path), named ?? ""))).toBe("recipes/recipe.schema.json");
    });

  test("takes what `recipe show` writes", async () => {
    for (const path of recipes) {
      const shown = await resolve(path);
      for (const text of showRecipe(shown, originsOf(shown), false).split("---\n")) expect(faults(text)).toEqual([]);
    }
  });

  test("takes all that a recipe may say", () => {
    const text = `
title: 3
extends: [a.yaml, b.yaml]
place: { sample-place: { place_seed: 3 } }
paper: { table: 3 }
window: 64
train-texvae: { minutes: 3 }
sample-semantic: { condition: semantic }
stages:
  - sites
  - train-texvae:
  - train-texvae: { training: { optimiser: { betas: [0.9, 0.99] } }, seed: 3, retries: 1 }
  - { sample-semantic: { stage: sample, needs: { split: split }, count: 2 } }
default_scale: mini
scale: { mini: { seed: 3, train-texvae: { training: { steps: 3 } } }, paper: null, paper2: {} }
matrix: [{ id: a, paper: { x: 1 }, sample: { count: 3 } }]
`;
    expect(faults(text)).toEqual([]);
  });

  test("asks no layer for what another may have, and takes stages under their other names", async () => {
    const rate = z.union([z.number(), z.strictObject({ peak: z.number(), end: z.number() })]).default(1);
    const options = z.strictObject({ rate, from: fileOption().optional(), offset: z.int().default(0) });
    const fit = defineStage({ name: "fit", aliases: ["train"], version: 1, title: "Fit", options, native: false, run: async () => ({}) });
    const manifest = { stages: [{ name: "fit", aliases: ["train"] }] } as unknown as InstalledPlugins["manifests"][number];
    const own = ajv.compile(
      await recipeSchema({ manifests: [manifest], metricNames: () => [], stageNames: () => ["fit", "train"], stage: async () => fit }),
    );
    const text =
      "train: { rate: { peak: 2 }, offset: -3 }\nstages: [train, { train: { from: a.txt } }, { mine: { stage: train, rate: { end: 1 } } }]\n";
    expect([own(parse(text)), own.errors]).toEqual([true, null]);
    expect(own(parse("stages: [{ mine: { stage: train, rate: { edn: 1 } } }]"))).toBe(false);
    expect(own(parse("stages: [{ train: { from: 3 } }]"))).toBe(false);
  });

  const wrong: [name: string, text: string, at: string][] = [
    ["an unknown option", "stages: [{ train-texvae: { trainign: { steps: 3 } } }]", "/stages/0/train-texvae"],
    ["an unknown option deep inside", "train-texvae: { training: { stepz: 3 } }", "/train-texvae/training"],
    ["a wrong type", "scale: { mini: { train-texvae: { training: { steps: many } } } }", "/scale/mini/train-texvae/training/steps"],
    ["a number out of range", "stages: [{ train-texvae: { training: { optimiser: { ema: 2 } } } }]", "/stages/0/train-texvae/training/optimiser/ema"],
    ["an unknown stage", "stages: [trian-texvae]", "/stages/0"],
    ["an unknown stage behind a name", "stages: [{ mine: { stage: trian } }]", "/stages/0/mine/stage"],
    ["another stage's option behind a name", "stages: [{ mine: { stage: sample, training: {} } }]", "/stages/0/mine"],
    ["two stages in one", "stages: [{ sites: {}, scene: {} }]", "/stages/0"],
    ["a key that is none", "titel: x", "/titel"],
    ["a row without an id", "matrix: [{ sample: { count: 3 } }]", "/matrix/0"],
    ["a negative seed", "seed: -1", "/seed"],
  ];
  for (const [name, text, at] of wrong) test(`refuses ${name}`, () => expect(faults(text)).toContain(at));
});
