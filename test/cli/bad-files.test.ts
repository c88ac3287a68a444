/**
 * The corpus of bad files: one clear error and one exit code each, and nothing written that looks finished.
 *
 * The first of every kind goes through the real program; the others, for the time that starting it takes, through the same code in this process.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { resolveRecipe } from "../../cli/config/recipe";
import { toRecord } from "../../cli/errors";
import { Host } from "../../cli/host";
import { listFiles } from "../../cli/runs/files";
import { InputHashes } from "../../cli/runs/inputs";
import { readPlaceMap } from "../../plugins/dataset/place/map";
import { readPlace } from "../../plugins/dataset/place/place-file";
import { resolveSites } from "../../plugins/dataset/place/sites";
import { readScene } from "../../plugins/view/scene-file";
import type { BadFile } from "../corpus/bad-file";
import { badBuildings } from "../corpus/buildings";
import { badPbfs, badXmls, goodMap } from "../corpus/maps";
import { badPlaces, goodPlace } from "../corpus/places";
import { badRasters, goodRaster } from "../corpus/rasters";
import { badRecipes } from "../corpus/recipes";
import { badScenes } from "../corpus/weights";
import { Program } from "./program";

setDefaultTimeout(60_000); // programs are started, and the machine may be busy

const RECIPE = "title: t\nplace: place.yaml\nstages: [sites]\n";

let program: Program;
beforeAll(() => {
  program = new Program();
  put("dem.tif", goodRaster());
  put("map.osm.pbf", goodMap());
});
afterAll(() => program[Symbol.dispose]());

const put = (name: string, bytes: Uint8Array | string): string => {
  const path = join(program.dir, name);
  writeFileSync(path, bytes);
  return path;
};

interface Refusal {
  text: string;
  exit: number;
}

/** What a person would read, and the exit code. */
async function refusalOf(work: () => unknown): Promise<Refusal> {
  try {
    await work();
  } catch (error) {
    const { what, where, fix, exit } = toRecord(error);
    return { text: `error: ${what}\n  where: ${where}\n  fix: ${fix}\n`, exit };
  }
  throw new Error("nothing was refused");
}

async function refusalOfProgram(...args: string[]): Promise<Refusal> {
  const { stdout, stderr, code } = await program.run(...args);
  expect(stdout).toBe("");
  expect(stderr).toMatch(/^error: /m);
  expect(stderr).not.toContain("this is a bug");
  return { text: stderr, exit: code };
}

function expectNothingDone(run: string): void {
  const written = program.has(run) ? listFiles(join(program.dir, run)) : [];
  for (const file of written.filter((name) => name.endsWith("stage.json")))
    expect(program.json(`${run}/${file}`)).toMatchObject({ status: "failed" });
  expect(written.filter((name) => !/^(\.lock|\.scratch\/\w+\/\.key$|\.cache\/|report\/|run\.json$|[\w-]+\/stage\.json$)/.test(name))).toEqual([]);
}

/** What the stage `sites` reads of a place, and what the program reads of it before. */
async function readAll(path: string): Promise<unknown> {
  await new InputHashes(join(program.dir, "hashes.json")).hashPlace(path);
  const place = readPlace(path);
  return resolveSites(place, await readPlaceMap(place), () => {});
}

test("the good files that the bad ones are made from go through", async () => {
  put("place.yaml", goodPlace);
  put("r.yaml", RECIPE);
  expect((await program.run("run", "r.yaml", "--out", "good")).code).toBe(0);
  expect(await readAll(join(program.dir, "place.yaml"))).toHaveLength(1);
});

/** @param place `place.yaml` where it names the bad file */
function refused(kind: string, file: string, place: (bad: BadFile) => string, files: BadFile[]): void {
  describe(`${kind} that is`, () => {
    for (const [i, bad] of files.entries())
      test(`${bad.what}: 65${i === 0 ? ", by the program" : ""}`, async () => {
        put(file, bad.bytes);
        if (file !== "place.yaml") put("place.yaml", place(bad));
        put("r.yaml", RECIPE);
        const run = `${file}-run`;
        const { text, exit } = await (i === 0
          ? refusalOfProgram("run", "r.yaml", "--out", run)
          : refusalOf(() => readAll(join(program.dir, "place.yaml"))));
        expect(text).toMatch(bad.says);
        expect(text).toContain(file);
        expect(text.length).toBeLessThan(3000);
        expect(exit).toBe(65);
        expectNothingDone(run);
      });
  });
}
const [packed, plain] = [badXmls().filter(({ what }) => what.startsWith("gzip")), badXmls().filter(({ what }) => !what.startsWith("gzip"))];
refused("elevation", "bad.tif", () => goodPlace.replace("dem.tif", "bad.tif"), badRasters());
refused("OSM PBF", "bad.osm.pbf", () => goodPlace.replace("map.osm.pbf", "bad.osm.pbf"), badPbfs());
refused("OSM XML", "bad.osm", () => goodPlace.replace("map.osm.pbf", "bad.osm"), plain);
refused("OSM XML, packed,", "bad.osm.gz", () => goodPlace.replace("map.osm.pbf", "bad.osm.gz"), packed);
refused("buildings", "buildings.geojsonl", () => `${goodPlace}buildings: { file: buildings.geojsonl }\n`, badBuildings());
refused("a place", "place.yaml", () => "", badPlaces());

describe("a recipe that is", () => {
  for (const [i, { what, bytes, says }] of badRecipes().entries())
    test(`${what}: 2${i === 0 ? ", by the program" : ""}`, async () => {
      put("r.yaml", bytes);
      const host = new Host({ EARTHCRAFT_CONFIG: program.env.EARTHCRAFT_CONFIG });
      const { text, exit } = await (i === 0
        ? refusalOfProgram("run", "r.yaml", "--out", "recipe-run")
        : refusalOf(() => resolveRecipe({ path: "r.yaml", cwd: program.dir }, host)));
      expect(text).toMatch(says);
      expect(text.length).toBeLessThan(3000);
      expect(exit).toBe(2);
      expect(program.has("recipe-run")).toBe(false);
    });
});

describe("a scene that is", () => {
  for (const [i, { what, bytes, says }] of badScenes("unpickled").entries())
    test(`${what}: 65${i === 0 ? ", by the program" : ""}`, async () => {
      const path = put("scene.safetensors", bytes);
      const { text, exit } = await (i === 0 ? refusalOfProgram("view", "scene.safetensors", "--out", "exports") : refusalOf(() => readScene(path)));
      expect(text).toMatch(says);
      expect(text).toContain("scene.safetensors");
      expect(exit).toBe(65);
      expect(program.has("exports")).toBe(false);
      expect(program.has("unpickled")).toBe(false);
    });
});
