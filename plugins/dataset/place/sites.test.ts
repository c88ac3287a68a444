import { describe, expect, test } from "bun:test";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import proj4 from "proj4";
import { EnuFrame, northUp, writeGeoTiff } from "../../earth/api";
import { emptyFeatures } from "../readers/osm-data";
import type { PlaceMap } from "./map";
import { type Place, placeSchema } from "./place-file";
import { resolveSites } from "./sites";

const CENTER = { lat: 47.2, lon: 9.62 };
const folder = mkdtempSync(join(tmpdir(), "earthcraft-sites-"));
const [east, north] = proj4("+proj=utm +zone=32 +datum=WGS84 +units=m").forward([CENTER.lon, CENTER.lat]) as [number, number];

/** Heights on 10 m squares, from `west` metres west of the centre and `northwards` north of it. */
function elevation(
  name: string,
  columns: number,
  rows: number,
  west: number,
  northwards: number,
  height: (column: number, row: number) => number,
): string {
  const values = Float32Array.from({ length: columns * rows }, (_, i) => height(i % columns, Math.floor(i / columns)));
  const file = join(folder, name);
  writeFileSync(
    file,
    writeGeoTiff({
      width: columns,
      height: rows,
      values,
      pixelToModel: northUp(east - west, north + northwards, 10),
      epsg: 32632,
      verticalEpsg: 5773,
      citation: "test",
    }),
  );
  return file;
}

const place = (more: Record<string, unknown>): Place => placeSchema.parse({ name: "t", center: CENTER, ...more }) as Place;
const NO_MAP: PlaceMap = { features: emptyFeatures() };
async function resolve(p: Place, map = NO_MAP) {
  const warnings: string[] = [];
  return { sites: await resolveSites(p, map, (text) => warnings.push(text)), warnings };
}

describe("sites", () => {
  const wide = elevation("wide.tif", 260, 260, 1300, 1300, () => 400);

  test("a grid numbers its cells from the south-west; cells that the elevation does not cover fully are left out and named", async () => {
    const whole = await resolve(place({ sites: "grid", extent_m: 1800, elevation: [{ file: wide }] }));
    expect(whole.sites.map((s) => s.name)).toEqual(["x0y0", "x1y0", "x2y0", "x0y1", "x1y1", "x2y1", "x0y2", "x1y2", "x2y2"]);
    expect(whole.warnings).toEqual([]);
    const frame = new EnuFrame({ ...CENTER, h: 0 });
    const [x, y] = frame.fromGeodetic({ ...whole.sites[2]!.origin, h: 0 }); // x2y0: south-east
    expect([Math.round(x), Math.round(y)]).toEqual([600, -600]);
    expect(whole.sites[0]!.origin.h).toBeCloseTo(400 + 47.1, 0);
    const half = elevation("half.tif", 260, 150, 1300, 1300, () => 400); // ends 200 m south of the centre
    const partly = await resolve(place({ sites: "grid", extent_m: 1800, elevation: [{ file: half }] }));
    expect(partly.sites.map((s) => s.name)).toEqual(["x0y2", "x1y2", "x2y2"]);
    expect(partly.warnings.join()).toContain("6 of 9 cells left out");
  });

  test("the centre alone needs no full cover; a place without any is an error", async () => {
    const small = elevation("small.tif", 20, 20, 100, 100, () => 400);
    expect((await resolve(place({ elevation: [{ file: small }] }))).sites.map((s) => s.name)).toEqual(["center"]);
    expect(resolve(place({ sites: "grid", elevation: [{ file: small }] }))).rejects.toThrow("covers no whole site");
    const away = elevation("away.tif", 20, 20, 5000, 5000, () => 400);
    expect(resolve(place({ elevation: [{ file: away }] }))).rejects.toThrow("no elevation within 300 m");
    expect(resolve(place({ elevation: [{ file: join(folder, "none.tif") }] }))).rejects.toThrow("no such elevation file");
  });

  test("a void at the centre: the nearest height, with a warning", async () => {
    const holed = elevation("holed.tif", 260, 260, 1300, 1300, (c, r) => (Math.hypot(c - 130, r - 130) < 8 ? Number.NaN : 300 + c));
    const { sites, warnings } = await resolve(place({ elevation: [{ file: holed }] }));
    expect(sites[0]!.origin.h).toBeGreaterThan(400);
    expect(warnings.join()).toContain("void at its centre");
  });

  test("a list keeps its names; overlapping sites are warned of and equal names refused", async () => {
    const list = [
      { lat: 47.2, lon: 9.62, name: "a" },
      { lat: 47.203, lon: 9.62, name: "b" },
      { lat: 47.208, lon: 9.62, name: "c" },
    ];
    const { sites, warnings } = await resolve(place({ sites: list, elevation: [{ file: wide }] }));
    expect(sites.map((s) => s.name)).toEqual(["a", "b", "c"]);
    expect(warnings).toEqual([expect.stringContaining("sites a and b overlap"), expect.stringContaining("sites b and c overlap")]);
    expect(resolve(place({ sites: [list[0], list[0]], elevation: [{ file: wide }] }))).rejects.toThrow('two sites are called "a"');
  });

  test("cells of open sea are left out where there is a coast", async () => {
    const sea = elevation("sea.tif", 260, 260, 1300, 1300, (c) => (c < 130 ? 400 - c : 0));
    const coast: PlaceMap = {
      features: {
        ...emptyFeatures(),
        lines: [
          {
            points: [
              [9.6202, 47.19],
              [9.6202, 47.21],
            ],
            tags: { natural: "coastline" },
          },
        ],
      },
    };
    const { sites, warnings } = await resolve(place({ sites: "grid", extent_m: 1800, elevation: [{ file: sea }] }), coast);
    expect(sites.map((s) => s.name)).toEqual(["x0y0", "x1y0", "x0y1", "x1y1", "x0y2", "x1y2"]);
    expect(warnings.join()).toContain("nothing but water: x2y0, x2y1, x2y2");
    expect((await resolve(place({ sites: "grid", extent_m: 1800, elevation: [{ file: sea }] }))).sites.length).toBe(9);
  });

  test("elevation without a datum is taken as EGM96, and says so", async () => {
    const file = join(folder, "N47E009.hgt");
    writeFileSync(file, new Uint8Array(2 * 1201 * 1201));
    expect((await resolve(place({ elevation: [{ file }] }))).warnings).toEqual([]); // .hgt is EGM96 by definition
    const silent = join(folder, "silent.tif");
    writeFileSync(
      silent,
      writeGeoTiff({
        width: 40,
        height: 40,
        values: new Float32Array(1600).fill(400),
        pixelToModel: northUp(east - 200, north + 200, 10),
        epsg: 32632,
        citation: "test",
      }),
    );
    const { sites, warnings } = await resolve(place({ elevation: [{ file: silent }] }));
    expect(warnings.join()).toContain("names no vertical datum; taken as EGM96");
    expect(sites[0]!.origin.h).toBeCloseTo(447.1, 0);
    expect((await resolve(place({ elevation: [{ file: silent, vertical: "ellipsoid" }] }))).sites[0]!.origin.h).toBeCloseTo(400, 6);
    expect((await resolve(place({ elevation: [{ file: silent, vertical: -12.5, units: "ft" }] }))).sites[0]!.origin.h).toBeCloseTo(
      400 * 0.3048 - 12.5,
      4,
    );
  });
});
