import { beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { skipUnless } from "../../../test/skip";
import { VERTICAL_DATUMS, writeGeoTiff } from "../../earth/api";
import { readPlace } from "../place/place-file";
import { checkPlace } from "../place-check/check";
import { makeSamplePlace } from "../sample-place/make";
import { composePlace, type PlaceDraft } from "./compose";
import { type InitRequest, initPlace } from "./init";

const data = process.env.EARTHCRAFT_DATA;
const folder = join(mkdtempSync(join(tmpdir(), "earthcraft-init-")), "Grüne Stadt 7");
const at = (name: string) => join(folder, name);
const CENTER = { lat: 47.2, lon: 9.62 };
const warnings: string[] = [];
const init = (request: Partial<InitRequest>) =>
  initPlace({ center: CENTER, elevation: [], out: at("own.yaml"), ...request }, (text) => warnings.push(text));

beforeAll(() => {
  mkdirSync(folder);
  makeSamplePlace(7, folder);
}, 240_000);

describe("place init", () => {
  test("of all the sample's files: the same place as the one that the generator wrote", async () => {
    const files = { elevation: [at("dtm.tif")], surface: at("dsm.tif"), osm: at("map.osm.pbf"), buildings: at("buildings.geojsonl") };
    expect(await init(files)).toBe(at("own.yaml"));
    const [own, given] = [readPlace(at("own.yaml")), readPlace(at("place.yaml"))];
    expect({ ...own, attribution: [] }).toEqual({ ...given, name: "Grune-Stadt-7", attribution: [] });
    expect(own.attribution[0]).toStartWith("TO FILL: whose dtm.tif is");
    expect(own.attribution).toContain("© OpenStreetMap contributors, ODbL 1.0");
    expect(warnings).toEqual([]);
    expect((await checkPlace(at("own.yaml"), { seed: 7, siteCount: 0 })).errors).toEqual([]);
    expect(await init(files)).toBe(at("own.yaml")); // the same again is no overwriting
    await expect(init({ ...files, extent_m: 1200 })).rejects.toThrow("it says something else");
    expect(readPlace(at("own.yaml")).extent_m).toBe(1800);
  });

  test("every key of a place stands in it, those without a value as comments", async () => {
    const text = readFileSync(await init({ out: at("bare/place.yaml") }), "utf8");
    for (const key of [
      "name",
      "center",
      "sites",
      "extent_m",
      "elevation",
      "vertical",
      "units",
      "surface",
      "osm",
      "buildings",
      "height",
      "imagery",
      "attribution",
    ])
      expect(text).toMatch(new RegExp(`^[# ]*(?:- )?${key}:`, "m"));
    expect(readPlace(at("bare/place.yaml")).elevation[0]!.file).toBe(at("bare/elevation.tif"));
    expect(text).toContain("TO FILL: no elevation was named");
  });

  test("with its comments taken away it names every optional key too, and still loads", async () => {
    const text = readFileSync(at("bare/place.yaml"), "utf8");
    const full = text
      .replace(/^# (surface|osm|buildings|imagery|attribution|extent_m)(:.*)$/gm, "$1$2")
      .replace(/^# {3}(file|vertical|units|height|- ".*)(:?.*)$/gm, "  $1$2")
      .replace(/^( +)# (vertical|units)(:.*)$/gm, "$1$2$3");
    writeFileSync(at("bare/full.yaml"), full);
    const place = readPlace(at("bare/full.yaml"));
    expect(place).toMatchObject({
      surface: { vertical: "egm96", units: "m" },
      buildings: { height: "height", units: "m" },
      attribution: ["© who made the data, licence"],
    });
    expect(place.elevation[0]).toMatchObject({ vertical: "egm96", units: "m" });
  });

  test("a datum that the file names is written, one that nobody names is a comment that says what is assumed", async () => {
    const raster = {
      width: 60,
      height: 60,
      values: new Float32Array(3600).fill(5),
      pixelToModel: [10, 0, 546_700, 0, -10, 5_227_700],
      epsg: 32632,
      citation: "t",
    } as const;
    writeFileSync(at("us.tif"), writeGeoTiff({ ...raster, verticalEpsg: 5703 }));
    writeFileSync(at("silent.tif"), writeGeoTiff(raster));
    const text = readFileSync(await init({ elevation: [at("us.tif"), at("silent.tif")], out: at("datum.yaml") }), "utf8");
    expect(text).toContain("  - file: us.tif\n    vertical: navd88 # as the file says");
    expect(text).toContain("  - file: silent.tif\n    # vertical: egm96 # the file names none, so EGM96 is assumed");
    expect(readPlace(at("datum.yaml")).elevation).toEqual([{ file: at("us.tif"), vertical: "navd88" }, { file: at("silent.tif") }]);
    expect(readPlace(at("datum.yaml")).sites).toBe("center"); // 600 m of elevation hold no grid of 1800
    expect(warnings.join()).toContain("silent.tif names no vertical datum");
  });

  test("the height of buildings is found by its name and its numbers", async () => {
    const feature = (properties: Record<string, unknown>) =>
      JSON.stringify({ type: "Feature", properties, geometry: { type: "Polygon", coordinates: [[[9.62, 47.2], [9.621, 47.2], [9.621, 47.201], [9.62, 47.2]]] } }); // biome-ignore format: one line
    writeFileSync(at("b.geojsonl"), [feature({ HEIGHT: null, id: 3, BLDG_HEIGHT: 7.5 }), feature({ HEIGHT: "n/a", BLDG_HEIGHT: 9 })].join("\n"));
    await init({ elevation: [at("dtm.tif")], buildings: at("b.geojsonl"), out: at("heights.yaml") });
    expect(readPlace(at("heights.yaml")).buildings).toEqual({ file: at("b.geojsonl"), height: "BLDG_HEIGHT", units: "m" });
  });

  test("a point that the elevation does not reach is refused, swapped ones with the right order", async () => {
    await expect(init({ center: { lat: 9.62, lon: 47.2 }, elevation: [at("dtm.tif")], out: at("no.yaml") })).rejects.toThrow("are swapped");
    await expect(init({ center: { lat: 46, lon: 9.62 }, elevation: [at("dtm.tif")], out: at("no.yaml") })).rejects.toThrow("133 km north");
    await expect(init({ elevation: [at("none.tif")], out: at("no.yaml") })).rejects.toThrow("no such file");
    await expect(init({ elevation: [], osm: at("none.osm.pbf"), out: at("no.yaml") })).rejects.toThrow("no such OpenStreetMap file");
    await expect(init({ extent_m: 300, out: at("no.yaml") })).rejects.toThrow("600 to 100,000 m");
    expect(existsSync(at("no.yaml"))).toBe(false);
  });

  test("whatever is written loads: names, paths and numbers of all kinds", () => {
    const text = fc.string({ minLength: 1, maxLength: 30, unit: "grapheme" }).filter((s) => s.trim() !== "" && !s.includes("\0"));
    const degrees = (most: number) => fc.double({ min: -most, max: most, noNaN: true }).map((value) => value + 0); // no −0
    const height = fc.record({
      file: text,
      vertical: fc.option(fc.constantFrom(...VERTICAL_DATUMS), { nil: undefined }),
      namedBy: fc.constant("the file" as const),
      unit: fc.constant("ft"),
    });
    const draft: fc.Arbitrary<PlaceDraft> = fc.record(
      {
        name: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,11}$/),
        center: fc.record({ lat: degrees(90), lon: degrees(180) }),
        sites: fc.constantFrom("grid", "center"),
        extent_m: fc.integer({ min: 600, max: 100_000 }),
        elevation: fc.array(height, { maxLength: 3 }),
        surface: height,
        osm: text,
        buildings: fc.record({ file: text, height: fc.record({ key: text, count: fc.nat(), of: fc.nat() }) }),
        imagery: text,
        attribution: fc.array(fc.record({ line: text })),
      },
      { requiredKeys: ["name", "center", "sites", "extent_m", "elevation", "attribution"] },
    ) as fc.Arbitrary<PlaceDraft>;
    fc.assert(
      fc.property(draft, (drawn) => {
        writeFileSync(at("drawn.yaml"), composePlace(drawn));
        const place = readPlace(at("drawn.yaml"));
        expect(place).toMatchObject({
          name: drawn.name,
          center: drawn.center,
          sites: drawn.sites,
          attribution: drawn.attribution.map(({ line }) => line),
        });
        expect(place.buildings?.height).toBe(drawn.buildings?.height?.key as string);
        expect(place.elevation.length).toBe(Math.max(1, drawn.elevation.length));
      }),
      { numRuns: 200, seed: 7 },
    );
  });
});

describe("real files", () => {
  const real = skipUnless(data, "EARTHCRAFT_DATA is not set");
  const places = [
    ["scene-monaco", { center: { lat: 43.7384, lon: 7.4246 }, elevation: ["N43E007.hgt.zip"], osm: "monaco.osm.pbf", extent_m: 2400 }],
    ["scene-alexandria-va", { center: { lat: 38.81059, lon: -77.0526 }, elevation: ["dtm.tif"], surface: "dsm.tif", buildings: "buildings.geojson" }],
    [
      "scene-portland",
      { center: { lat: 45.519, lon: -122.679 }, elevation: ["portland-ned.tif"], osm: "portland-central-filtered.osm.pbf", extent_m: 2400 },
    ],
  ] as const;
  for (const [name, { elevation, ...request }] of places)
    real(`${name}: the place that somebody wrote by hand, but for what no file says`, async () => {
      const of = (file: string) => join(data!, name, file);
      const { surface, osm, buildings } = request as { surface?: string; osm?: string; buildings?: string };
      const out = at(`${name}/place.yaml`);
      await init({
        ...request,
        elevation: elevation.map(of),
        ...(surface ? { surface: of(surface) } : {}),
        ...(osm ? { osm: of(osm) } : {}),
        ...(buildings ? { buildings: of(buildings) } : {}),
        out,
      });
      const [own, given] = [readPlace(out), readPlace(of("place.yaml"))];
      expect(own.elevation.map(({ file }) => file)).toEqual(given.elevation.map(({ file }) => file));
      expect(own.elevation[0]!.vertical).toBe(name === "scene-monaco" ? "egm96" : undefined);
      expect([own.sites, own.osm, own.buildings, own.center]).toEqual([given.sites, given.osm, given.buildings, given.center]);
      if (given.sites === "grid") expect(own.extent_m).toBe(given.extent_m);
    });
});
