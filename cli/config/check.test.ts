import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { defineStage, fileOption, type Stage } from "../plugin";
import { checkRecipe } from "./check";
import { type RecipeRequest, resolveRecipe } from "./recipe";
import { originsOf, originTable, showRecipe } from "./show";

const dir = mkdtempSync(join(tmpdir(), "earthcraft-check-"));
afterAll(() => rmSync(dir, { recursive: true }));

function write(name: string, text: string): string {
  mkdirSync(dirname(join(dir, name)), { recursive: true });
  writeFileSync(join(dir, name), text);
  return name;
}

const common = { version: 1, title: "", native: false, run: async () => ({}) };
const stages: Stage[] = [
  defineStage({ ...common, name: "make", options: z.strictObject({ hills: z.int().default(3) }) }),
  defineStage({
    ...common,
    name: "prepare",
    options: z.strictObject({ cells: z.int().default(64), from: fileOption().optional(), id: z.string().default("") }),
  }),
  defineStage({
    ...common,
    name: "train",
    aliases: ["fit"],
    minutes: 2,
    needs: ["prepare"],
    options: z.strictObject({
      steps: z.int().min(1).default(10),
      cells: z.int().default(64),
      model: z.strictObject({ depth: z.int().default(2), widths: z.array(z.int()).default([1, 2]) }).prefault({}),
    }),
  }),
];
const source = {
  metricNames: () => [],
  stageNames: () => stages.flatMap(({ name, aliases }) => [name, ...(aliases ?? [])]),
  stage: async (name: string) => stages.find((stage) => stage.name === name || stage.aliases?.includes(name)),
};
const request = (text: string, more: Partial<RecipeRequest> = {}): RecipeRequest => ({ path: write("r.yaml", text), cwd: dir, ...more });
const check = (text: string, more: Partial<RecipeRequest> = {}) => checkRecipe(request(text, more), source);
const where = async (text: string, more: Partial<RecipeRequest> = {}) => (await check(text, more)).problems.map((problem) => problem.where);

describe("recipe check", () => {
  test("says what would run, and what reads what", async () => {
    const text =
      "title: T\nplace: make\nstages:\n  - prepare\n  - { large: { stage: fit, minutes: 5 } }\nscale: { mini: {}, paper: {} }\ndefault_scale: mini\n";
    const { stages: listed, ...rest } = await check(text);
    expect(listed).toEqual([
      { id: "place", stage: "make", reads: [], minutes: 0.2 },
      { id: "prepare", stage: "prepare", reads: [], minutes: 0.2 },
      { id: "large", stage: "train", reads: ["prepare"], minutes: 5 },
    ]);
    expect(rest).toMatchObject({ title: "T", scales: ["mini", "paper"], scale: "mini", problems: [], exit: 0 });
  });

  test("tells every problem, each once and with its place, over all stages, keys and scales", async () => {
    const text = [
      "titel: T",
      "stages:",
      "  - prepare: { cells: many }",
      "  - train: { stepz: 3, model: { depth: 1.5 } }",
      "  - { other: { stage: train, minutes: long } }",
      "scale:",
      "  mini: { train: { steps: 0 } }",
      "  paper: { train: { steps: 5 } }",
      "",
    ].join("\n");
    const { problems, exit, stages: listed } = await check(text);
    expect(problems.map((problem) => problem.where).sort()).toEqual(
      [
        "r.yaml:1:1 titel",
        "r.yaml:3:23 prepare.cells",
        "r.yaml:4:14 train.stepz",
        "r.yaml:4:40 train.model.depth",
        "r.yaml:5:30",
        "r.yaml:7:27 train.steps",
      ].sort(),
    );
    expect([exit, listed]).toEqual([2, []]);
    expect(await where(text, { scale: "paper" })).not.toContain("r.yaml:7:27 train.steps");
  });

  test("tells all that a YAML parser finds", async () => {
    expect(await where("a: 1\na: 2\nb: 3\nb: 4\n")).toEqual(["r.yaml:2:1", "r.yaml:4:1"]);
    expect(await where("stages: [prepare]\n", { path: "absent.yaml" })).toEqual(["absent.yaml"]);
  });

  test("finds a need that nothing answers, where the stage stands, and one that is named wrongly", async () => {
    expect(await where("stages:\n  - train\n")).toEqual(["r.yaml:2:5"]);
    expect(await where("stages:\n  - prepare\n  - train: { needs: { prepare: prepair } }\n")).toEqual(["r.yaml:3:23 train.needs.prepare"]);
    expect(await where("stages:\n  - prepare\n  - train: { needs: { prepair: prepare } }\n")).toEqual(["r.yaml:3:23 train.needs.prepair"]);
  });

  test("finds files that are not there: exit 65, unless the recipe is wrong too", async () => {
    const missing = await check("place: town/place.yaml\nstages:\n  - prepare: { from: absent.txt, id: absent.txt }\n");
    expect(missing.problems.map((problem) => problem.where)).toEqual(["r.yaml:1:8 place", "r.yaml:3:22 prepare"]);
    expect(missing.exit).toBe(65);
    expect((await check("place: town/place.yaml\nstages: [prepare, trian]\n")).exit).toBe(2);
    write("there.txt", "");
    expect((await check("stages:\n  - prepare: { from: there.txt }\n")).exit).toBe(0);
  });

  test("looks through every row of a matrix", async () => {
    const rows = (steps: number) =>
      `matrix:\n  - { id: a, train: { steps: 3 } }\n  - { id: b, train: { steps: ${steps} } }\nstages: [prepare, train]\n`;
    expect(await where(rows(0))).toEqual(["r.yaml:3:30 train.steps"]);
    expect((await check(rows(4))).stages.map(({ id, row }) => `${id}@${row}`)).toEqual(["prepare@a", "train@a", "prepare@b", "train@b"]);
  });
});

describe("recipe show", () => {
  const RECIPE = [
    "title: Shown",
    "extends: base/b.yaml",
    "place: { make: { hills: 5 } }",
    "seed: 4",
    "stages:",
    "  - prepare: { id: 007 }",
    "  - { second: { stage: train, seed: 9, needs: { prepare: prepare }, model: { widths: [3, 4] } } }",
    "  - train",
    "scale: { mini: { train: { steps: 2 } }, paper: {} }",
    "default_scale: mini",
    "",
  ].join("\n");
  write("base/b.yaml", "cells: 16\ntrain:\n  model: { depth: 7 }\n");
  const shown = async (more: Partial<RecipeRequest> = {}, origin = false) => {
    const recipe = await resolveRecipe(request(RECIPE, more), source);
    return { recipe, text: showRecipe(recipe, origin ? originsOf(recipe) : undefined, more.seed !== undefined) };
  };

  test("writes every option out", async () => {
    const { text } = await shown({ set: ["train.model.depth=8"] });
    expect(parse(text)).toEqual({
      title: "Shown",
      seed: 4,
      place: { make: { hills: 5 } },
      stages: [
        { prepare: { cells: 16, id: "007" } },
        { second: { stage: "train", seed: 9, needs: { prepare: "prepare" }, steps: 2, cells: 16, model: { depth: 8, widths: [3, 4] } } },
        { train: { steps: 2, cells: 16, model: { depth: 8, widths: [1, 2] } } },
      ],
    });
  });

  test("is a recipe again, that resolves to the same", async () => {
    for (const origin of [false, true]) {
      const { recipe, text } = await shown({ set: ["train.model.depth=8"], seed: 6 }, origin);
      const again = await resolveRecipe({ path: write("shown/again.yaml", text), cwd: dir }, source);
      expect(again.hash).toBe(recipe.hash);
    }
  });

  test("says where each value was written: default, base, recipe, scale, --set", async () => {
    const { recipe, text } = await shown({ set: ["train.model.depth=8"] }, true);
    const line = (pattern: string) => text.split("\n").find((candidate) => candidate.includes(pattern));
    expect(line("title: ")).toEndWith("Shown # r.yaml:1:8");
    expect(line("hills: ")).toEndWith("hills: 5 # r.yaml:3:25");
    expect(line("widths: [ 3, 4 ]")).toEndWith("# r.yaml:7:86");
    expect(line("widths: [ 1, 2 ]")).toEndWith("# default");
    expect(line("steps: ")).toEndWith("steps: 2 # r.yaml:9:34, scale mini");
    expect(line("cells: ")).toEndWith("cells: 16 # base/b.yaml:1:8");
    expect(line("depth: ")).toEndWith("depth: 8 # --set train.model.depth");
    expect(originTable(recipe)).toMatchObject({
      "prepare.cells": "base/b.yaml:1:8",
      "train.steps": "r.yaml:9:34, scale mini",
      "place.hills": "r.yaml:3:25",
    });
    expect((await shown({ seed: 3 }, true)).text).toContain("\nseed: 3 # --seed\n");
  });

  test("writes a document for each row of a matrix", async () => {
    const recipe = await resolveRecipe(
      request("matrix:\n  - { id: a, seed: 2 }\n  - { id: b, train: { steps: 7 } }\nstages: [prepare, train]\n"),
      source,
    );
    const [a, b] = showRecipe(recipe, originsOf(recipe), false).split("---\n");
    expect(parse(a!).seed).toBe(2);
    expect(a).toContain("seed: 2 # r.yaml:2:20, row a");
    expect(b).toContain("steps: 7 # r.yaml:3:30, row b");
    expect(b).toContain('id: "" # default'); // the row's id is no option of a stage that has one of that name
  });
});
