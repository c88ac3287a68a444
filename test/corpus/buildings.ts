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
