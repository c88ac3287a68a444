/** `place.yaml` as it should not be. Every one names the same good files, so that nothing else is wrong with it. */
import type { BadFile } from "./bad-file";

export const goodPlace = `name: town
center: { lat: 47.2, lon: 9.62 }
elevation: [{ file: dem.tif }]
osm: map.osm.pbf
`;

/** Ten levels of nine aliases each: 3.5 thousand million values from 600 bytes. */
export const aliasBomb = (key: string): string =>
  `x0: &x0 [1, 1, 1, 1, 1, 1, 1, 1, 1]\n${Array.from({ length: 9 }, (_, i) => `x${i + 1}: &x${i + 1} [${Array(9).fill(`*x${i}`).join(", ")}]\n`).join("")}${key}: *x9\n`;

export function badPlaces(): BadFile[] {
  const instead = (old: string, now: string) => goodPlace.replace(old, now);
  return [
    {
      what: "latitude and longitude swapped",
      bytes: instead("{ lat: 47.2, lon: 9.62 }", "{ lat: -122.68, lon: 45.52 }"),
      says: /lat -122\.68 and lon 45\.52 are swapped\n {2}where: \S+place\.yaml:2:16 center\.lat\n {2}fix: lat: 45\.52, lon: -122\.68\n/,
    },
    { what: "an unknown key", bytes: `${goodPlace}elevaton: 3\n`, says: /elevaton/ },
    { what: "a wrong type", bytes: `${goodPlace}extent_m: far\n`, says: /place\.yaml:5:11 extent_m/ },
    { what: "a duplicate key", bytes: `${goodPlace}name: village\n`, says: /unique.*\n {2}where: \S+place\.yaml:5:1/ },
    { what: "an alias bomb", bytes: `${goodPlace}${aliasBomb("attribution")}`, says: /aliases/ },
    {
      what: "a site named after the folder above",
      bytes: `${goodPlace}sites: [{ lat: 47.2, lon: 9.62, name: .. }]\n`,
      says: /place\.yaml:5:39 sites\.0\.name/,
    },
    {
      what: "a site named after a path",
      bytes: `${goodPlace}sites: [{ lat: 47.2, lon: 9.62, name: ../../evil }]\n`,
      says: /place\.yaml:5:39 sites\.0\.name/,
    },
    { what: "brackets 20,000 deep", bytes: `${goodPlace}attribution: ${"[".repeat(20_000)}\n`, says: /place\.yaml/ },
    { what: "two mebibytes", bytes: `${goodPlace}attribution: ["${"x".repeat(2 << 20)}"]\n`, says: /larger than 1 MiB/ },
    { what: "a list", bytes: "- name: town\n", says: /place\.yaml/ },
    { what: "empty", bytes: "", says: /place\.yaml/ },
    { what: "no text", bytes: Uint8Array.from({ length: 300 }, (_, i) => (i * 37) % 256), says: /place\.yaml/ },
  ];
}
