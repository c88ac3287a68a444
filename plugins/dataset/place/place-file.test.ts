import { describe, expect, test } from "bun:test";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { UserError } from "../../../cli/errors";
import { readPlace } from "./place-file";

const folder = mkdtempSync(join(tmpdir(), "earthcraft-place-"));
const write = (text: string) => {
  const file = join(folder, "place.yaml");
  writeFileSync(file, text);
  return file;
};
const refusal = (text: string): UserError => {
  try {
    readPlace(write(text));
  } catch (error) {
    return error as UserError;
  }
  throw new Error("nothing was refused");
};

const GOOD = `name: town
center: { lat: 43.7, lon: 7.4 }
sites: grid
extent_m: 2400
elevation: [{ file: dem.tif, vertical: egm96 }, { file: /data/world.hgt }]
osm: map.osm.pbf
`;

describe("place.yaml", () => {
  test("paths become absolute, units and priorities stay", () => {
    const place = readPlace(write(GOOD));
    expect(place.elevation).toEqual([{ file: join(folder, "dem.tif"), vertical: "egm96" }, { file: "/data/world.hgt" }]);
    expect(place.osm).toBe(join(folder, "map.osm.pbf"));
    expect(place.sites).toBe("grid");
  });

  test("swapped latitude and longitude are called that, with line and correction", () => {
    const error = refusal(GOOD.replace("{ lat: 43.7, lon: 7.4 }", "{ lat: -122.68, lon: 45.52 }"));
    expect(error.what).toBe("lat -122.68 and lon 45.52 are swapped");
    expect(error.where).toMatch(/place\.yaml:2:16 center\.lat$/);
    expect(error.fix).toBe("lat: 45.52, lon: -122.68");
    expect(error.exit).toBe(65);
  });

  test("swapped coordinates of a listed site are found too", () => {
    const error = refusal(GOOD.replace("sites: grid", "sites: [{ lat: 1, lon: 2, name: a }, { lat: 151.2, lon: -33.8, name: b }]"));
    expect(error.where).toMatch(/:3:\d+ sites\.1\.lat$/);
    expect(error.what).toContain("swapped");
  });

  test("an unknown key, a wrong type and a missing part are named with their place", () => {
    expect(refusal(`${GOOD}elevaton: 3\n`).message).toContain("elevaton");
    expect(refusal(GOOD.replace("extent_m: 2400", "extent_m: far")).where).toMatch(/:4:11 extent_m$/);
    expect(refusal(GOOD.replace(/elevation:.*\n/, "")).where).toContain("elevation");
  });

  test("broken YAML says where", () => {
    const error = refusal("name: town\ncenter: { lat: 1, lon: 2\nsites: grid\n");
    expect(error.where).toMatch(/place\.yaml:\d+:\d+$/);
    expect(error.exit).toBe(65);
  });

  test("a missing file says how to make one", () => {
    expect(() => readPlace(join(folder, "none.yaml"))).toThrow("no such place file");
  });
});
