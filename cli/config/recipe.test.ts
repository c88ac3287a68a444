import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import { UserError } from "../errors";
import { defineStage, fileOption, metricOption, type Stage } from "../plugin";
import { type RecipeRequest, resolveRecipe } from "./recipe";

const dir = mkdtempSync(join(tmpdir(), "earthcraft-recipe-"));
afterAll(() => rmSync(dir, { recursive: true }));

function write(name: string, text: string): string {
  mkdirSync(dirname(join(dir, name)), { recursive: true });
  writeFileSync(join(dir, name), text);
  return name;
}

const model = z.strictObject({ depth: z.int().default(2), width: z.number().default(1) }).prefault({});
const common = { version: 1, title: "", native: false, run: async () => ({}) };
const stages: Stage[] = [
  defineStage({
    ...common,
    name: "prepare",
    options: z.strictObject({ voxel_m: z.number().default(0.5), from: fileOption().optional(), id: z.string().default("") }),
  }),
  defineStage({
    ...common,
    name: "train",
    aliases: ["fit"],
    options: z.strictObject({
      model,
      steps: z.int().min(1).default(10),
      voxel_m: z.number().default(0.5),
      rate: z.union([z.number(), z.strictObject({ peak: z.number() })]).default(1),
    }),
  }),
  defineStage({ ...common, name: "score", options: z.strictObject({ metrics: z.array(metricOption()).default([]) }) }),
  defineStage({ ...common, name: "make", options: z.strictObject({ seed: z.int().default(1) }) }),
];
const source = {
  stageNames: () => stages.flatMap(({ name, aliases }) => [name, ...(aliases ?? [])]),
  metricNames: () => ["height_error_m", "green_share"],
  stage: async (name: string) => stages.find((stage) => stage.name === name || stage.aliases?.includes(name)),
};

const resolve = (text: string, more: Partial<RecipeRequest> = {}) => resolveRecipe({ path: write("r.yaml", text), cwd: dir, ...more }, source);
const options = async (text: string, id: string, more: Partial<RecipeRequest> = {}) =>
  (await resolve(text, more)).variants[0]!.stages.find((stage) => stage.id === id)!.options;

async function refusal(text: string, more: Partial<RecipeRequest> = {}): Promise<UserError> {
  const error = await resolve(text, more).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).exit).toBe(2);
  return error as UserError;
}

describe("layers", () => {
  test("go over each other: extends < top < beside the stage < scale < --set", async () => {
    write("base/a.yaml", "title: base\ntrain: { steps: 1, model: { depth: 1, width: 1 } }\nstages: [prepare, train]\n");
    const recipe = (top: string) => `extends: base/a.yaml\n${top}\nscale: { mini: { train: { model: { width: 4 } } }, paper: {} }\n`;
    expect(await options(recipe(""), "train")).toMatchObject({ steps: 1, model: { depth: 1, width: 1 } });
    expect(await options(recipe("train: { steps: 2 }"), "train")).toMatchObject({ steps: 2, model: { depth: 1, width: 1 } });
    expect(await options(recipe("train: { steps: 2 }\nstages: [{ train: { steps: 3 } }]"), "train")).toMatchObject({ steps: 3, model: { depth: 1 } });
    expect(await options(recipe("stages: [{ train: { model: { width: 3, depth: 3 } } }]"), "train", { scale: "mini" })).toMatchObject({
      model: { depth: 3, width: 4 },
    });
    expect(await options(recipe(""), "train", { scale: "mini", set: ["train.model.width=5"] })).toMatchObject({ model: { depth: 1, width: 5 } });
  });

  test("a shared option reaches every stage that has it, a stage's name its instances, an id the one", async () => {
    const text = "voxel_m: 2\ntrain: { steps: 5 }\nsecond: { steps: 6 }\nstages: [prepare, train, { second: { stage: fit } }]\n";
    const { stages: specs } = (await resolve(text)).variants[0]!;
    expect(specs.map(({ id, stage, options: { steps, voxel_m } }) => [id, stage.name, steps, voxel_m])).toEqual([
      ["prepare", "prepare", undefined, 2],
      ["train", "train", 5, 2],
      ["second", "train", 6, 2],
    ]);
  });

  test("the scale is paper unless told, or the only one", async () => {
    const text = (scale: string) => `stages: [train]\nscale: ${scale}\n`;
    expect(await options(text("{ mini: { train: { steps: 3 } }, paper: { train: { steps: 4 } } }"), "train")).toMatchObject({ steps: 4 });
    expect(await options(text("{ mini: { train: { steps: 3 } } }"), "train")).toMatchObject({ steps: 3 });
    expect((await resolve(`${text("{ mini: {}, paper: {} }")}default_scale: mini\n`)).scale).toBe("mini");
    expect((await refusal(text("{ mini: {}, paper: {} }"), { scale: "mni" })).fix).toBe('did you mean "mini"?');
  });

  test("files are absolute: from a recipe its folder, from --set the working folder", async () => {
    write("base/b.yaml", "prepare: { from: x.txt }\nstages: [prepare]\n");
    expect(await options("extends: base/b.yaml\n", "prepare")).toMatchObject({ from: join(dir, "base/x.txt") });
    const set = await resolve("extends: base/b.yaml\n", { set: ["prepare.from=x.txt"] });
    expect(set.variants[0]!.stages[0]).toMatchObject({ options: { from: join(dir, "x.txt") }, files: [join(dir, "x.txt")] });
  });

  test("text stays as written where text is wanted", async () => {
    expect(await options("stages: [{ prepare: { id: 007 } }]\n", "prepare")).toMatchObject({ id: "007" });
    expect(await options("stages: [prepare]\n", "prepare", { set: ["prepare.id=007"] })).toMatchObject({ id: "007" });
  });

  test("a place is a file, a folder, or a stage that makes one", async () => {
    const place = async (text: string, more = {}) => (await resolve(`${text}\nstages: [train]\n`, more)).variants[0]!;
    expect((await place("place: town/place.yaml")).placeFile).toBe(join(dir, "town/place.yaml"));
    expect((await place("place: town")).placeFile).toBe(join(dir, "town/place.yaml"));
    expect((await place("place: { make: { seed: 7 } }")).placeStage).toMatchObject({ id: "place", options: { seed: 7 } });
    expect((await place("place: make\nmake: { seed: 8 }")).placeStage).toMatchObject({ id: "place", options: { seed: 8 } });
    expect(await place("place: { make: { seed: 7 } }", { set: ["place=other/place.yaml"] })).toMatchObject({
      placeFile: join(dir, "other/place.yaml"),
    });
    expect(await place("place: make\nmake: { seed: 8 }", { set: ["place=other/place.yaml"] })).toMatchObject({
      placeFile: join(dir, "other/place.yaml"),
    });
    expect((await resolve("place: town/place.yaml\nstages: [train]\n")).placeLabel).toBe("town");
  });

  test("the seed comes from the recipe, a stage's own, or --seed", async () => {
    const seeds = async (more = {}) =>
      (await resolve("seed: 4\nstages: [prepare, { train: { seed: 9 } }]\n", more)).variants[0]!.stages.map(({ seed }) => seed);
    expect(await seeds()).toEqual([4, 9]);
    expect(await seeds({ seed: 5 })).toEqual([5, 9]);
    expect(await seeds({ set: ["seed=6"] })).toEqual([6, 9]);
  });

  test("each row of a matrix is a variant", async () => {
    const { variants } = await resolve(
      "matrix:\n  - { id: small, paper: { accuracy: 94.3 }, model: { depth: 1 } }\n  - { id: large, train: { steps: 7 } }\nstages: [prepare, train]\n",
    );
    expect(variants.map(({ id, stages: specs }) => [id, specs[1]!.options.model, specs[1]!.options.steps])).toEqual([
      ["small", { depth: 1, width: 1 }, 10],
      ["large", { depth: 2, width: 1 }, 7],
    ]);
  });

  test("the hash follows what runs, not how it is written", async () => {
    const a = await resolve("title: x\nstages: [{ train: { steps: 3, voxel_m: 1 } }]\n");
    const b = await resolve("# other\ntrain: { voxel_m: 1, steps: 3 }\ntitle: y\nstages: [train]\n");
    const c = await resolve("stages: [{ train: { steps: 4, voxel_m: 1 } }]\n");
    expect(a.hash).toBe(b.hash);
    expect(a.hash).not.toBe(c.hash);
  });
});

describe("a wrong recipe", () => {
  const cases: [string, string, string, string?][] = [
    ["unknown option", "stages:\n  - train: { model: { depht: 3 } }\n", "r.yaml:2:23 train.model.depht", 'did you mean "depth"?'],
    ["wrong type", "stages:\n  - train:\n      steps: many\n", "r.yaml:3:14 train.steps"],
    ["value out of range", "stages:\n  - train: { steps: 0 }\n", "r.yaml:2:21 train.steps"],
    ["inside a union", "stages:\n  - train: { rate: { peek: 1 } }\n", "r.yaml:2:20 train.rate"],
    ["unknown stage", "stages:\n  - prepare\n  - trian: {}\n", "r.yaml:3:5", 'did you mean "train"?'],
    ["unknown key", "titel: x\nstages: [train]\n", "r.yaml:1:1 titel", 'did you mean "title"?'],
    ["unknown key of a scale", "stages: [train]\nscale: { mini: { tarin: { steps: 1 } } }\n", "r.yaml:2:18 tarin", 'did you mean "train"?'],
    ["two stages of one name", "stages: [train, train]\n", "r.yaml:1:17"],
    ["no stages", "title: x\n", "r.yaml:1:1"],
    ["a stage with two keys", "stages:\n  - { train: {}, prepare: {} }\n", "r.yaml:2:5"],
    ["two rows of one id", "stages: [train]\nmatrix: [{ id: a }, { id: a }]\n", "r.yaml:2:23"],
    [
      "a metric that no plugin has",
      "stages:\n  - score: { metrics: [height_error_m, gren_share] }\n",
      "r.yaml:2:40 score.metrics.1",
      'did you mean "green_share"?',
    ],
    ["a negative seed", "seed: -1\nstages: [train]\n", "r.yaml:1:1"],
    ["a list at the top", "- a\n", "r.yaml:1:1"],
    ["an empty file", "", "r.yaml"],
  ];
  for (const [name, text, where, fix] of cases)
    test(`${name}: says where${fix === undefined ? "" : " and what was meant"}`, async () => {
      const error = await refusal(text);
      expect(error.where).toStartWith(where);
      if (fix !== undefined) expect(error.fix).toContain(fix);
    });

  test("in a base names the base; from --set names the flag", async () => {
    write("base/wrong.yaml", "train:\n  stepz: 1\nstages: [train]\n");
    expect((await refusal("extends: base/wrong.yaml\n")).where).toBe("base/wrong.yaml:2:3 train.stepz");
    expect((await refusal("stages: [train]\n", { set: ["train.stepz=1"] })).where).toBe("--set train.stepz train.stepz");
    expect((await refusal("stages: [train]\n", { set: ["tran.steps=1"] })).fix).toContain('did you mean "train"?');
  });

  test("that extends itself shows the circle", async () => {
    write("x.yaml", "extends: y.yaml\n");
    write("y.yaml", "extends: r.yaml\n");
    expect((await refusal("extends: x.yaml\nstages: [train]\n")).what).toBe("extends itself: r.yaml → x.yaml → y.yaml → r.yaml");
  });

  test("names every wrong key at once", async () => {
    const error = await refusal("stages:\n  - train: { stepz: 1, model: { widht: 2 } }\n");
    expect(`${error.where} ${error.fix}`).toContain("train.stepz");
    expect(`${error.where} ${error.fix}`).toContain("train.model.widht");
  });
});
