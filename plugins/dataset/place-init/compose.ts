/** The text of a `place.yaml`: every key that a place can have, those without a value as comments. */
import { parse } from "yaml";
import type { Vertical } from "../../earth/api";
import { SITE_M } from "../place/sites";
import type { Attribution } from "./attribution";
import type { LatLon } from "./coordinates";

export interface HeightDraft {
  /** As it is to be written: relative to the place file. */
  file: string;
  /** What the file, or its format, names; undefined where nothing does. */
  vertical?: Vertical;
  /** Who names it. */
  namedBy: "the file" | "the format";
  unit: string;
}

export interface PlaceDraft {
  name: string;
  center: LatLon;
  sites: "grid" | "center";
  extent_m: number;
  /** None: the key is written with a name to fill in. */
  elevation: HeightDraft[];
  surface?: HeightDraft;
  osm?: string;
  buildings?: { file: string; height?: { key: string; count: number; of: number } };
  imagery?: string;
  attribution: Attribution[];
}

export function composePlace(draft: PlaceDraft): string {
  const { name, center, imagery, osm } = draft;
  const blocks = [
    `# What earthcraft builds scenes of. Paths are relative to this file.
# \`earthcraft dataset place check\` shows what the files give; \`earthcraft run RECIPE --set place=FILE\` builds from it.`,
    `name: ${scalar(name)} # letters, digits, . _ -`,
    `# The middle, WGS 84 degrees: latitude before longitude, south and west negative.
center: { lat: ${center.lat}, lon: ${center.lon} }`,
    sitesBlock(draft),
    `# Heights of the bare ground, in order of priority: where one has a void or ends, the next is asked.
# GeoTIFF and COG (.tif) in nearly any CRS, SRTM (.hgt, .hgt.zip), terrarium PNG (named z/x/y.png).
# vertical: what its heights are measured from: ellipsoid, egm96, egm2008, egm84, navd88, or the metres to add to get above the ellipsoid.
# units: m, ft or us-ft; without it what the file says.
elevation:
${draft.elevation.length === 0 ? `  - file: elevation.tif # ${MISSING}\n    # vertical: egm96\n    # units: m` : draft.elevation.map((height) => heightLines(height, "  - ", "    ")).join("\n")}`,
    `# Optional: heights with trees and roofs. Woods become as high as measured, and so do buildings without a height of their own.
${draft.surface === undefined ? "# surface:\n#   file: dsm.tif\n#   vertical: egm96\n#   units: m" : `surface:\n${heightLines(draft.surface, "  ", "  ")}`}`,
    `# Optional: OpenStreetMap data (.osm.pbf, .osm, .osm.gz): roads, water, land cover, coastline, buildings.
${osm === undefined ? "# osm: map.osm.pbf" : `osm: ${scalar(osm)}`}`,
    buildingsBlock(draft.buildings),
    `# Optional: an orthophoto (GeoTIFF); it colours the ground and the roofs.
${imagery === undefined ? "# imagery: ortho.tif" : `imagery: ${scalar(imagery)}`}`,
    attributionBlock(draft.attribution),
  ];
  return `${blocks.join("\n\n")}\n`;
}

const MISSING = "TO FILL: no elevation was named, and none can be done without";

function sitesBlock({ sites, extent_m, center }: PlaceDraft): string {
  const cells = Math.floor(extent_m / SITE_M);
  const extent = `extent_m: ${extent_m} # edge of the grid's square in metres: ${cells} × ${cells} cells`;
  return `# The squares of ${SITE_M} m that become sites. grid: every cell of extent_m that the elevation covers fully; center: the middle alone; or a list of your own:
# sites:
#   - { lat: ${center.lat}, lon: ${center.lon}, name: first }
# Four sites or more hold one out to measure the models on, nine hold out two.
sites: ${sites}
${sites === "grid" ? extent : `# ${extent}`}`;
}

function heightLines({ file, vertical, namedBy, unit }: HeightDraft, first: string, further: string): string {
  const datum =
    vertical === undefined
      ? `# vertical: egm96 # the file names none, so EGM96 is assumed: off by 100 m at worst if it was the ellipsoid, by 2 m if a national datum`
      : `vertical: ${vertical} # as ${namedBy} says`;
  return [`${first}file: ${scalar(file)}`, `${further}${datum}`, `${further}# units: ${unit}`].join("\n");
}

function buildingsBlock(buildings: PlaceDraft["buildings"]): string {
  const about = `# Optional: footprints that replace the map's buildings: GeoJSON, GeoJSON lines, CityJSON.
# height: the property that holds a building's height above its ground; units: what it is measured in (m, ft or us-ft).`;
  if (buildings === undefined) return `${about}\n# buildings:\n#   file: footprints.geojson\n#   height: height\n#   units: m`;
  const { file, height } = buildings;
  const key =
    height === undefined
      ? "  # height: height # no property looks like a height"
      : `  height: ${scalar(height.key)} # a number in ${height.count} of ${height.of}`;
  return `${about}\nbuildings:\n  file: ${scalar(file)}\n${key}\n  # units: m`;
}

function attributionBlock(lines: readonly Attribution[]): string {
  const about = "# Whose data these are: repeated in every report and in every scene made from them.";
  if (lines.length === 0) return `${about}\n# attribution:\n#   - "© who made the data, licence"`;
  const written = lines.map(
    ({ line, guessed }) => `  - ${JSON.stringify(line)}${guessed === undefined ? "" : ` # guessed from ${guessed}: correct it if need be`}`,
  );
  return `${about}\nattribution:\n${written.join("\n")}`;
}

/** Plain where YAML reads it back as the same text, else in quotes. */
function scalar(text: string): string {
  return /^[\w./@+-]+$/.test(text) && parse(text) === text ? text : JSON.stringify(text);
}
