/** Every recipe that ships resolves at every scale it has, and `mini` changes only what `recipes/base/mini-keys.yaml` lists. */
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { readLayers } from "../cli/config/layers";
import { resolveRecipe } from "../cli/config/recipe";
import { forbiddenDifferences } from "../cli/config/scales";
import { Host } from "../cli/host";
import { programRoot } from "../cli/io";

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
