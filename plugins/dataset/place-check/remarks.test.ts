import { describe, expect, test } from "bun:test";
import { CLASS_COUNT } from "../../earth/api";
import { type Place, placeSchema } from "../place/place-file";
import type { HoldOut } from "./check";
import { remarksOn, whereabouts } from "./remarks";
import type { SourceFacts } from "./sources";
import type { SiteFacts } from "./survey";

const place = (more: Record<string, unknown> = {}): Place =>
  placeSchema.parse({
    name: "p",
    center: { lat: 43.74, lon: 7.42 },
    elevation: [{ file: "dem.tif" }],
    osm: "map.osm.pbf",
    attribution: ["X"],
    ...more,
  }) as Place;
const source = (more: Partial<SourceFacts>): SourceFacts => ({
  key: "osm",
  file: "map.osm.pbf",
  format: "OpenStreetMap PBF",
  crs: "",
  holds: "",
  reaches: true,
  ...more,
});
const facts = (more: Partial<SiteFacts> = {}): SiteFacts => ({
  name: "a",
  covered: 1,
  void: 0,
  relief_m: 30,
  roads: 9,
  roads_km: 3,
  paths_km: 1,
  buildings: { file: 0, height: 10, levels: 0, surface: 0, default: 0 },
  tallest_m: 20,
  unnamed: 0.2,
  level: 0,
  classes: new Array(CLASS_COUNT).fill(0),
  ...more,
});
const sites = (n: number, more: Partial<SiteFacts> = {}) => Array.from({ length: n }, (_, i) => facts({ name: `s${i}`, ...more }));
const heldOut = (n: number): HoldOut => ({ policy: n === 0 ? "crop" : "sites", sites: Array.from({ length: n }, (_, i) => `s${i}`), tuning: [] });
const said = (p: Place, sources: SourceFacts[], of: SiteFacts[], held = heldOut(2)) => remarksOn(p, sources, of, held).join("\n");

describe("remarks on a place", () => {
  test("a good place has none", () => {
    expect(said(place(), [source({})], sites(9))).toBe("");
  });

  const bounds = { west: 7.4, east: 7.44, south: 43.72, north: 43.76 };
  const cases: [string, string, string][] = [
    [
      "a map elsewhere",
      said(place(), [source({ reaches: false, bounds: { west: 13.3, east: 13.5, south: 52.4, north: 52.6 } })], sites(9)),
      "does not overlap the sites: it lies 1086 km north-east",
    ],
    [
      "swapped footprints",
      said(
        place(),
        [source({ key: "buildings", file: "b.geojson", reaches: false, bounds: { west: 43.72, east: 43.76, south: 7.4, north: 7.44 } })],
        sites(9),
      ),
      "b.geojson: its coordinates look swapped",
    ],
    [
      "an empty file",
      said(place(), [source({ reaches: false, bounds: { west: Infinity, east: -Infinity, south: Infinity, north: -Infinity } })], sites(9)),
      "it is empty",
    ],
    ["coarse elevation", said(place(), [source({ key: "elevation", file: "d.hgt", pixel_m: 92.8, bounds })], sites(9)), "a height every 93 m"],
    ["partly covered", said(place(), [], [...sites(8), facts({ name: "rim", covered: 0.6 })]), "covers only a part of rim (60 %)"],
    ["voids", said(place(), [], [...sites(8), facts({ name: "hole", void: 0.2 })]), "voids in hole (20 %)"],
    [
      "a slope higher than a crop",
      said(place(), [], [...sites(8), facts({ name: "cliff", relief_m: 236 })]),
      "the ground of cliff (236 m) rises more than a crop is high (200 m",
    ],
    ["surface in other units", said(place(), [], sites(9, { rise_m: 60 })), "the surface lies 60.0 m above"],
    ["no map", said(place({ osm: undefined }), [], sites(9, { roads_km: 0, unnamed: 1 })), "there is no map"],
    ["a map without roads", said(place(), [source({})], sites(9, { roads_km: 0 })), "no road in any site"],
    ["unnamed ground", said(place(), [source({})], sites(9, { unnamed: 0.83 })), "names 83 % of the ground"],
    [
      "guessed heights",
      said(place(), [], sites(9, { buildings: { file: 0, height: 3, levels: 2, surface: 0, default: 15 } })),
      "75 % of the 180 buildings",
    ],
    [
      "no buildings",
      said(place(), [], sites(9, { buildings: { file: 0, height: 0, levels: 0, surface: 0, default: 0 } })),
      "no building in any site",
    ],
    ["a tower of feet", said(place(), [], sites(9, { tallest_m: 500 })), "500 m tall"],
    [
      "sites that the map leaves blank",
      said(
        place(),
        [source({})],
        [...sites(8), facts({ name: "blank", roads_km: 0, paths_km: 0, unnamed: 1, buildings: { ...facts().buildings, height: 0 } })],
      ),
      "the map says next to nothing of blank",
    ],
    ["one site", said(place(), [], sites(1), heldOut(0)), "one site is too few to hold one out"],
    ["five sites", said(place(), [], sites(5), heldOut(1)), "one site of 5 is held out"],
    ["no attribution", said(place({ attribution: [] }), [], sites(9)), "`attribution` is empty"],
    ["attribution to fill", said(place({ attribution: ["TO FILL: whose"] }), [], sites(9)), "still says TO FILL"],
  ];
  for (const [name, text, wanted] of cases) test(name, () => expect(text).toContain(wanted));

  test("where something lies is said from the centre", () => {
    const at = (lat: number, lon: number) => whereabouts({ lat: 60, lon: 179.5 }, { west: lon, east: lon, south: lat, north: lat });
    expect(at(61, 179.5)).toBe("111 km north of the centre, round 61.00, 179.50");
    expect(at(60, -179.5)).toStartWith("56 km east"); // over the date line; a degree is half as long there
    expect(at(59, 177.5)).toStartWith("157 km south-west");
  });
});
