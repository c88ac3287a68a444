import { beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { peer, runPeer } from "../../../test/peers/python";
import { EnuFrame } from "../../earth/api";
import { ellipsoidalHeight, type Layer, openLayers } from "../place/elevation";
import { type PlaceMap, readPlaceMap } from "../place/map";
import { type Place, readPlace } from "../place/place-file";
import { placeBounds, resolveSites, SITE_M, type Site } from "../place/sites";
import type { Tags } from "../readers/osm-data";
import { makeSamplePlace } from "./make";
import { Valley } from "./valley";

const folder = mkdtempSync(join(tmpdir(), "earthcraft-made-"));
const sums = (dir: string) => Object.fromEntries(readdirSync(dir).map((name) => [name, Bun.hash(readFileSync(join(dir, name))).toString(16)]));

describe("the sample place", () => {
  let place: Place;
  let map: PlaceMap;
  let sites: Site[];
  let terrain: Layer[];
  let surface: Layer[];
  const warnings: string[] = [];
  beforeAll(async () => {
    place = readPlace(makeSamplePlace(7, join(folder, "a")));
    map = await readPlaceMap(place);
    const warn = (text: string) => warnings.push(text);
    sites = await resolveSites(place, map, warn);
    terrain = await openLayers(place.elevation, placeBounds(place), warn);
    surface = await openLayers([place.surface!], placeBounds(place), warn);
  }, 60_000);

  test("same seed, same bytes; another seed, another place", () => {
    makeSamplePlace(7, join(folder, "b"));
    makeSamplePlace(8, join(folder, "c"));
    expect(sums(join(folder, "b"))).toEqual(sums(join(folder, "a")));
    const other = sums(join(folder, "c"));
    for (const name of ["dtm.tif", "dsm.tif", "map.osm.pbf", "buildings.geojsonl"]) expect(other[name]).not.toBe(sums(join(folder, "a"))[name]);
  }, 60_000);

  test("nine disjoint sites of 600 m, with elevation and surface 200 m beyond them on every side", () => {
    expect(warnings).toEqual([]);
    expect(sites.length).toBe(9);
    const centre = new EnuFrame({ ...place.center, h: 0 });
    const at = sites.map((s) => centre.fromGeodetic({ ...s.origin, h: 0 }));
    for (const [i, a] of at.entries())
      for (const b of at.slice(i + 1)) expect(Math.max(Math.abs(a[0] - b[0]), Math.abs(a[1] - b[1]))).toBeGreaterThan(SITE_M - 0.1);
    const reach = Math.max(...at.map(([x, y]) => Math.max(Math.abs(x), Math.abs(y)))) + SITE_M / 2 + 200;
    expect(2 * reach).toBeGreaterThanOrEqual(2199);
    for (let k = -reach; k <= reach; k += reach / 10)
      for (const [x, y] of [
        [k, -reach],
        [k, reach],
        [-reach, k],
        [reach, k],
      ] as const) {
        const { lat, lon } = centre.toGeodetic([x, y, 0]);
        for (const layers of [terrain, surface]) expect(ellipsoidalHeight(layers, lon, lat)).toBeGreaterThan(400);
      }
  });

  test("land cover follows height: water lies lowest, then fields and streets, then woods", () => {
    const valley = new Valley(7, 1200);
    const frame = new EnuFrame({ ...place.center, h: 0 });
    const above = (pick: (tags: Tags) => boolean) => {
      const heights = [
        ...map.features.areas.filter((a) => pick(a.tags)).flatMap((a) => a.outer),
        ...map.features.lines.filter((l) => pick(l.tags)).flatMap((l) => l.points),
      ].map(([lon, lat]) => {
        const [x, y] = frame.fromGeodetic({ lon, lat, h: 0 }); // the place is drawn on UTM's grid, turned by half a degree: 10 m at most
        return valley.aboveFloor([x, y]);
      });
      expect(heights.length).toBeGreaterThan(50);
      return heights.sort((a, b) => a - b)[Math.floor(heights.length / 2)]!;
    };
    const [water, fields, streets, woods] = [
      above((t) => t.natural === "water" && t.water !== "pond"),
      above((t) => t.landuse === "farmland"),
      above((t) => t.highway === "residential"),
      above((t) => t.natural === "wood"),
    ];
    expect(water).toBeLessThan(1.5);
    expect(fields).toBeLessThan(streets);
    expect(streets).toBeLessThan(woods - 5);
    expect(woods).toBeGreaterThan(20);
  });

  test("every building stands in the footprint file with a height, has a shape in the map, and rises from the ground in the surface model", () => {
    const buildings = map.footprints!;
    expect(buildings.length).toBeGreaterThan(800);
    expect(buildings.every((b) => b.height_m! >= 3 && b.height_m! < 60)).toBe(true);
    expect(map.features.areas.filter((a) => a.tags.building !== undefined).length).toBe(buildings.length);
    let wrong = 0;
    for (const b of buildings) {
      const n = b.outer.length;
      const [lon, lat] = [b.outer.reduce((s, p) => s + p[0] / n, 0), b.outer.reduce((s, p) => s + p[1] / n, 0)];
      const rise = ellipsoidalHeight(surface, lon, lat) - ellipsoidalHeight(terrain, lon, lat);
      if (!(rise > b.height_m! - 0.5 && rise < b.height_m! + 4)) wrong++; // the box stands on the highest ground under it
    }
    expect(wrong / buildings.length).toBeLessThan(0.02);
  });

  test("woods have holes where quarries are: multipolygons", () => {
    expect(map.features.broken).toBe(0);
    expect(map.features.areas.filter((a) => a.tags.natural === "wood" && a.inner.length > 0).length).toBeGreaterThan(0);
  });

  peer(
    "osmium counts the elements that our reader counts, and closes every multipolygon",
    async () => {
      const { readOsmPbf } = await import("../readers/osm-pbf");
      const ours = await readOsmPbf(place.osm!);
      const seen = runPeer<{ nodes: [number, number, number, Tags][]; ways: [number, number[], Tags][]; areas: [number, number][] }>("osm.py", [
        place.osm!,
      ]);
      expect([seen.nodes.length, seen.ways.length, seen.areas.length]).toEqual([ours.nodes.size, ours.ways.size, ours.relations.length]);
      for (const [id, lon, lat] of seen.nodes.filter((_, i) => i % 97 === 0)) {
        expect(ours.nodes.get(id)![0]).toBeCloseTo(lon, 7);
        expect(ours.nodes.get(id)![1]).toBeCloseTo(lat, 7);
      }
      for (const [id, refs, tags] of seen.ways.filter((_, i) => i % 13 === 0)) expect(ours.ways.get(id)).toEqual({ refs, tags });
    },
    60_000,
  );

  peer(
    "rasterio reads the heights that our reader reads",
    async () => {
      for (const [file, layers] of [
        [place.elevation[0]!.file, terrain],
        [place.surface!.file, surface],
      ] as const) {
        const seen = runPeer<{ epsg: number; vertical: string; values: number[] }>("raster.py", [file]);
        expect([seen.epsg, seen.vertical]).toEqual([32632, "EGM96 height"]);
        const { raster } = layers[0]!;
        expect(raster.values.length).toBe(seen.values.length);
        for (let i = 0; i < seen.values.length; i += 1009) expect(raster.values[i]).toBeCloseTo(seen.values[i]!, 4);
      }
    },
    60_000,
  );
});
