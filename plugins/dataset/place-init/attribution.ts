/** Whose data a file is, as far as its format, name and tags tell. */
import { basename } from "node:path";
import { TO_FILL } from "../place-check/remarks";
import type { SourceFacts } from "../place-check/sources";

export interface Attribution {
  line: string;
  /** What the line was guessed from; undefined when the data say it themselves. */
  guessed?: string;
}

/** File names that data providers use. */
const NAMES: readonly { pattern: RegExp; line: string }[] = [
  {
    pattern: /Copernicus_DSM/i,
    line: "© DLR e.V. 2010-2014 and © Airbus Defence and Space GmbH 2014-2018 provided under COPERNICUS by the European Union and ESA; all rights reserved",
  },
  { pattern: /ALPSMLC30|AW3D30/i, line: "ALOS World 3D - 30m: © JAXA" },
  { pattern: /NASADEM/i, line: "NASADEM: NASA/USGS, public domain" },
  { pattern: /swissalti3d|swisssurface3d|swissimage|swissbuildings3d/i, line: "© swisstopo" },
  { pattern: /USGS|3DEP|(?:^|[-_.])ned(?:[-_.\d]|$)/i, line: "USGS, public domain" },
];

const OSM_LINE = "© OpenStreetMap contributors, ODbL 1.0";
const HGT_LINE = "SRTM: NASA/USGS, public domain";
const TERRARIUM_LINE = "Terrain Tiles: Mapzen and its sources (github.com/tilezen/joerd/blob/master/docs/attribution.md)";

export function attributionOf(sources: readonly SourceFacts[]): Attribution[] {
  const all = sources.map(lineOf);
  return all.filter(({ line }, i) => all.findIndex((other) => other.line === line) === i);
}

function lineOf({ key, file, format, copyright }: SourceFacts): Attribution {
  const name = basename(file).replace(/\s+/g, " ");
  if (key === "osm") return { line: OSM_LINE };
  if (copyright !== undefined) return { line: copyright, guessed: `the Copyright tag of ${name}` };
  const known = NAMES.find(({ pattern }) => pattern.test(name));
  if (known) return { line: known.line, guessed: `the name ${name}` };
  if (format === "SRTM tile") return { line: HGT_LINE, guessed: "the format .hgt" };
  if (format === "terrarium tile") return { line: TERRARIUM_LINE, guessed: "the format terrarium" };
  return { line: `${TO_FILL}: whose ${name} is, and its licence` };
}
