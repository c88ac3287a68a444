/** Building footprints with a line that breaks, and with numbers that are no positions. */
import type { BadFile } from "./bad-file";

const ring = (lon: number, lat: number) => [
  [lon, lat],
  [lon + 0.0002, lat],
  [lon + 0.0002, lat + 0.0002],
  [lon, lat],
];
const feature = (coordinates: unknown) => JSON.stringify({ type: "Feature", properties: { height: 9 }, geometry: { type: "Polygon", coordinates } });
const good = feature([ring(9.62, 47.2)]);
export const goodBuildings = `${good}\n${feature([ring(9.63, 47.21)])}\n`;

/** A 10 × 6 × 4 m box. */
export const goodCityJson = JSON.stringify({
  ...{ type: "CityJSON", version: "1.1", metadata: { referenceSystem: "https://www.opengis.net/def/crs/EPSG/0/32632" } },
  transform: { scale: [0.01, 0.01, 0.01], translate: [545_000, 5_227_000, 400] },
  vertices: [0, 400].flatMap((z) => [
    [0, 0, z],
    [1000, 0, z],
    [1000, 600, z],
    [0, 600, z],
  ]),
  CityObjects: {
    box: {
      type: "Building",
      attributes: { measuredHeight: 4 },
      geometry: [
        {
          ...{ type: "Solid", lod: "1" },
          boundaries: [[[[0, 3, 2, 1]], [[0, 1, 5, 4]], [[1, 2, 6, 5]], [[2, 3, 7, 6]], [[3, 0, 4, 7]], [[4, 5, 6, 7]]]],
          semantics: { surfaces: [{ type: "GroundSurface" }, { type: "WallSurface" }, { type: "RoofSurface" }], values: [[0, 1, 1, 1, 1, 2]] },
        },
      ],
    },
  },
});

export function badBuildings(): BadFile[] {
  return [
    { what: "a line that breaks off", bytes: `${good}\n${good.slice(0, 70)}\n${good}\n`, says: /not JSON.*\n {2}where: \S+buildings\.geojsonl:2\n/ },
    {
      what: "a last line that breaks off",
      bytes: `${good}\n${good}\n${good.slice(0, -30)}`,
      says: /not JSON.*\n {2}where: \S+buildings\.geojsonl:3\n/,
    },
    {
      what: "a line that is something else",
      bytes: `${good}\n{"type":"Topology"}\n`,
      says: /no GeoJSON feature.*\n {2}where: \S+buildings\.geojsonl:2\n/,
    },
    {
      what: "metres instead of degrees",
      bytes: `${good}\n${feature([ring(545_000, 5_227_000)])}\n`,
      says: /a position is \[545000,5227000\], not longitude and latitude.*\n {2}where: \S+buildings\.geojsonl:2\n/,
    },
    { what: "latitude before longitude", bytes: feature([ring(47.2, 151.2)]), says: /not longitude and latitude/ },
    { what: "a ring that is a number", bytes: `${feature([7])}\n`, says: /no list of positions/ },
    { what: "a ring of text", bytes: `${feature(["somewhere"])}\n`, says: /no list of positions/ },
    { what: "rings that are missing", bytes: `${feature(null)}\n`, says: /no list of rings/ },
    { what: "text", bytes: "name;height\nhouse;9\n", says: /not JSON/ },
    { what: "CityJSON without vertices", bytes: '{"type":"CityJSON","CityObjects":{}}', says: /no CityObjects and vertices/ },
  ];
}
