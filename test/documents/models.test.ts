/** `docs/models.md` beside the models and the recipes: parameter counts, and the values of recipe keys at both scales. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { parse } from "yaml";
import { resolveRecipe } from "../../cli/config/recipe";
import { Host } from "../../cli/host";
import { programRoot } from "../../cli/io";
import { countModels } from "../../plugins/models/count";
import { codeOf, documentOf } from "./markdown";

const page = documentOf("docs/models.md");
const counts = countModels("paper");

describe("docs/models.md", () => {
  test("has the five totals beside Table 5's", () => {
    const { rows } = page.tables.find(({ columns }) => columns.includes("here"))!;
    const told = rows.map(({ cells: [name, , , paper, here] }) => [/\[(\w+)\]/.exec(name!)![1]!.toLowerCase(), paper, here]);
    const millions = (count: number) => `${(count / 1e6).toFixed(1)} M`;
    expect(told).toEqual(counts.map(({ name, parameters, paper }) => [name, millions(paper!), millions(parameters)]));
  });

  for (const { name, parameters, paper, modules } of counts)
    test(`counts every part of ${name}`, () => {
      const { rows } = page.tables.find(({ heading, columns }) => heading.toLowerCase() === name && columns[2] === "parameters")!;
      const told = rows.map(({ cells: [part, , count] }) => [part!.replaceAll("`", ""), Number(count!.replaceAll(",", ""))] as const);
      const parts = told.filter(([part]) => part !== "total");
      const partOf = (module: string) => parts.filter(([part]) => module === part || module.startsWith(`${part}.`)).map(([part]) => part);
      expect(Object.keys(modules).filter((module) => partOf(module).length !== 1)).toEqual([]);
      const sums = parts.map(([part]) => [part, Object.entries(modules).reduce((sum, [module, n]) => sum + (partOf(module)[0] === part ? n : 0), 0)]);
      expect(told).toEqual([...(sums as [string, number][]), ["total", parameters]]);
      expect(rows.at(-1)!.cells[1]).toBe(`Table 5: ${(paper! / 1e6).toFixed(1)} M`);
    });
});

describe("recipe keys of docs/models.md", async () => {
  const resolved = (scale: string) => resolveRecipe({ path: join(programRoot, "recipes/quickstart.yaml"), cwd: programRoot, scale }, new Host({}));
  const stages = { paper: (await resolved("paper")).variants[0]!.stages, mini: (await resolved("mini")).variants[0]!.stages };
  const tables = page.tables.filter(({ columns }) => columns[0] === "key");

  test("are in tables that say whose they are", () => {
    expect(tables.length).toBe(9);
    expect(tables.filter(({ intro }) => !intro.startsWith("Keys of `"))).toEqual([]);
  });

  for (const { at, intro, rows } of tables)
    for (const name of codeOf(intro))
      test(`${at}: ${name} has these values`, () => {
        const wrong = rows.flatMap(({ at, cells: [key, paper, mini] }) => {
          const path = codeOf(key!)[0]!;
          const told = { paper: codeOf(paper!)[0], mini: mini === "same" ? codeOf(paper!)[0] : codeOf(mini!)[0] };
          return (["paper", "mini"] as const).flatMap((scale) =>
            stages[scale]
              .filter(({ stage }) => stage.name === name)
              .map(({ id, options }) => ({ id, value: valueAt(options, path) }))
              .filter(({ value }) => value === undefined || !Bun.deepEquals(value, parse(told[scale] ?? "")))
              .map(({ id, value }) => `${at}: ${id}.${path} at ${scale} is ${JSON.stringify(value)}, the page says ${told[scale]}`),
          );
        });
        expect(wrong).toEqual([]);
      });
});

function valueAt(options: Record<string, unknown>, path: string): unknown {
  return path.split(".").reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], options);
}
