import { beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { skipUnless } from "../../../test/skip";
import { writeGeoTiff } from "../../earth/api";
import { makeSamplePlace } from "../sample-place/make";
import { buildScene } from "../scene/scene";
import { checkPlace, type PlaceCheck } from "./check";
import { checkJson, checkText, siteTable } from "./table";

const data = process.env.EARTHCRAFT_DATA;
const RULES = { seed: 7, siteCount: 0 };
const folder = mkdtempSync(join(tmpdir(), "earthcraft-check-"));
let file: string;
let whole: PlaceCheck;

beforeAll(async () => {
  file = makeSamplePlace(7, folder);
  whole = await checkPlace(file, RULES);
}, 240_000);

/** The sample place with something changed. */
function changed(name: string, edit: (yaml: string) => string): string {
  const path = join(folder, `${name}.yaml`);
  writeFileSync(path, edit(readFileSync(file, "utf8")));
  return path;
}

describe("the sample place", () => {
  test("has nothing wrong with it", () => {
    expect(whole.errors).toEqual([]);
    expect(whole.warnings).toEqual([]);
    expect(whole.sites).toHaveLength(9);
    expect(whole.facts.map(({ name }) => name)).toEqual(whole.sites.map(({ name }) => name));
  });

  test("its sources are what was written", () => {
    const [dtm, dsm, osm, buildings] = whole.sources;
    expect(dtm).toMatchObject({
      key: "elevation",
      format: "GeoTIFF",
      crs: "EPSG:32632 WGS 84 / UTM zone 32N + EGM96 height",
      pixel_m: 4,
      unit: "m",
      reaches: true,
    });
    expect(dtm!.vertical).toEqual({ datum: "egm96", from: "place.yaml" });
    expect(dsm).toMatchObject({ key: "surface", pixel_m: 2 });
    expect(osm).toMatchObject({ key: "osm", format: "OpenStreetMap PBF" });
    expect(buildings).toMatchObject({ key: "buildings", format: "GeoJSON lines" });
    const lines = readFileSync(join(folder, "buildings.geojsonl"), "utf8").trim().split("\n").length;
    expect(buildings!.holds).toContain(`of ${lines.toLocaleString("en")} footprints`);
    expect(dtm!.bounds!.west).toBeCloseTo(9.62 - 1200 / 75_700, 3);
    expect(dtm!.bounds!.north).toBeCloseTo(47.2 + 1200 / 111_180, 3);
  });

  test("what it says of a site is what is built there, at another resolution", () => {
    const scene = buildScene(whole.opened, whole.sites[4]!, { extent_m: 600, cell_m: 2 }).info;
    const facts = whole.facts[4]!;
    expect(facts.covered).toBe(1);
    expect(facts.buildings.file).toBe(scene.buildings.filter((b) => b.height_from === "file").length);
    expect(Math.abs(facts.unnamed - scene.default_share)).toBeLessThan(0.03);
    for (const [id, share] of Object.entries(scene.class_share)) expect(Math.abs(facts.classes[Number(id)]! - share)).toBeLessThan(0.04);
  });

  test("says which sites are held out and how typical they are", () => {
    expect(whole.holdOut.sites).toHaveLength(2);
    expect(whole.holdOut.likeness!.usual).toBeGreaterThan(0.5);
    const split = siteTable(whole).rows.map((row) => row.at(-1));
    expect(split.filter((text) => text === "held out")).toHaveLength(2);
    expect(checkText(whole, "/x/p.png")).toContain("picture: /x/p.png");
    expect(JSON.parse(JSON.stringify(checkJson(whole, undefined)))).toMatchObject({ ok: true, place: "sample", hold_out: { policy: "sites" } });
  });
});

describe("what is wrong is said, all of it at once", () => {
  test("files that are missing or broken do not hide each other", async () => {
    writeFileSync(join(folder, "broken.tif"), "no tiff");
    copyFileSync(join(folder, "map.osm.pbf"), join(folder, "cut.osm.pbf"));
    writeFileSync(join(folder, "cut.osm.pbf"), readFileSync(join(folder, "cut.osm.pbf")).subarray(0, 3000));
    const check = await checkPlace(
      changed("broken", (yaml) =>
        yaml
          .replace("surface: { file: dsm.tif", "surface: { file: broken.tif")
          .replace("map.osm.pbf", "cut.osm.pbf")
          .replace("buildings.geojsonl", "none.geojsonl"),
      ),
      RULES,
    );
    expect(check.errors.map(({ where }) => where!.slice(folder.length + 1))).toEqual(["broken.tif", "cut.osm.pbf", "none.geojsonl"]);
    expect(check.errors.every(({ exit }) => exit === 65)).toBe(true);
    expect(check.sites).toHaveLength(9); // the elevation is good: its sites are shown
    const text = checkText(check, undefined);
    expect(text.match(/^error: /gm)).toHaveLength(3);
  });

  test("swapped coordinates that are possible on Earth are found by where the elevation lies", async () => {
    const check = await checkPlace(
      changed("swapped", (yaml) => yaml.replace("lat: 47.2, lon: 9.62", "lat: 9.62, lon: 47.2")),
      RULES,
    );
    expect(check.errors).toHaveLength(1);
    expect(check.errors[0]!.what).toContain("are swapped");
    expect(check.errors[0]!.fix).toBe("center: { lat: 47.2, lon: 9.62 }");
    expect(check.facts).toEqual([]);
  });

  test("a place elsewhere is told where its elevation lies", async () => {
    const check = await checkPlace(
      changed("away", (yaml) => yaml.replace("lat: 47.2", "lat: 48.2")),
      RULES,
    );
    expect(check.errors[0]!.what).toContain("111 km south of the centre, round 47.20, 9.62");
  });

  test("footprints with latitude first", async () => {
    const lines = readFileSync(join(folder, "buildings.geojsonl"), "utf8").replace(/\[(9\.[\d]+),(47\.[\d]+)\]/g, "[$2,$1]");
    writeFileSync(join(folder, "turned.geojsonl"), lines);
    const check = await checkPlace(
      changed("turned", (yaml) => yaml.replace("buildings.geojsonl", "turned.geojsonl")),
      RULES,
    );
    expect(check.errors).toEqual([]);
    expect(check.warnings.join("\n")).toContain("its coordinates look swapped");
    expect(check.warnings.join("\n")).toContain("no building in any site");
  });

  test("a datum that nobody names, and a place of one site", async () => {
    const at = { width: 300, height: 300, values: new Float32Array(90_000).fill(400) };
    writeFileSync(join(folder, "silent.tif"), writeGeoTiff({ ...at, pixelToModel: [5, 0, 546_200, 0, -5, 5_228_200], epsg: 32632, citation: "t" }));
    const check = await checkPlace(
      changed("small", (yaml) => yaml.replace("dtm.tif, vertical: egm96", "silent.tif").replace("sites: grid", "sites: center")),
      RULES,
    );
    expect(check.sources[0]!.vertical).toEqual({ datum: "egm96", from: "assumed" });
    expect(check.warnings.join("\n")).toContain("names no vertical datum; taken as EGM96");
    expect(check.warnings.join("\n")).toContain("one site is too few to hold one out");
    expect(checkText(check, undefined)).toContain("Too small to hold a site out");
  });
});

describe("real places", () => {
  const real = skipUnless(data, "EARTHCRAFT_DATA is not set");
  const check = (name: string) => checkPlace(join(data!, name, "place.yaml"), RULES);

  real("Monaco: SRTM is coarse, some cells are sea, OSM names heights of few buildings", async () => {
    const { sources, facts, warnings, errors, sites } = await check("scene-monaco");
    expect(errors).toEqual([]);
    expect(sources[0]).toMatchObject({ format: "SRTM tile", vertical: { datum: "egm96" } });
    expect(sites.length).toBeGreaterThan(8);
    expect(warnings.join("\n")).toMatch(/a height every 93 m/);
    expect(warnings.join("\n")).toMatch(/nothing but water/);
    expect(facts.reduce((sum, f) => sum + f.buildings.levels, 0)).toBeGreaterThan(300); // the extract has 453 with levels
  });

  real("Alexandria: too small for a held-out site, no roads, all heights measured", async () => {
    const { facts, warnings, errors, holdOut } = await check("scene-alexandria-va");
    expect(errors).toEqual([]);
    expect(holdOut).toEqual({ policy: "crop", sites: [], tuning: [] });
    expect(facts[0]!.buildings.file).toBeGreaterThan(75);
    expect(facts[0]!.buildings.default).toBe(0);
    for (const text of ["one site is too few", "there is no map", "covers only a part of center"]) expect(warnings.join("\n")).toContain(text);
  });

  real("Portland: roads everywhere, no building", async () => {
    const { facts, warnings, errors, sources } = await check("scene-portland");
    expect(errors).toEqual([]);
    expect(sources[0]!.crs).toStartWith("EPSG:4269");
    expect(facts.reduce((sum, f) => sum + f.roads_km, 0)).toBeGreaterThan(40);
    expect(warnings.join("\n")).toContain("no building in any site");
    expect(warnings.join("\n")).toMatch(/dead level ground .* x3y1 \(/); // the Willamette, which this extract lacks
  });
});
