/** What of a place will hurt a data set made from it. Judged from facts alone. */
import { CROP_M } from "../../earth/api";
import type { Place } from "../place/place-file";
import type { Bounds } from "../readers/bad-input";
import type { HoldOut } from "./check";
import type { SourceFacts } from "./sources";
import { buildingsOf, type SiteFacts } from "./survey";

/** Slopes, embankments and terraces of a town are some 20 m wide. */
const COARSE_ELEVATION_M = 40;
/** Crowns and roofs are smaller than this. */
const COARSE_SURFACE_M = 5;
const COARSE_IMAGERY_M = 3;
/** A line of attribution that nobody has filled in yet. */
export const TO_FILL = "TO FILL";

/** @returns sentences without a full stop, the worst first */
export function remarksOn(place: Place, sources: readonly SourceFacts[], sites: readonly SiteFacts[], holdOut: HoldOut): string[] {
  return [
    ...aboutSources(place, sources),
    ...aboutHeights(sites),
    ...aboutMap(place, sources, sites),
    ...aboutSize(sites, holdOut),
    ...aboutAttribution(place),
  ];
}

const percent = (share: number) => `${Math.round(100 * share)} %`;
const total = (sites: readonly SiteFacts[], value: (site: SiteFacts) => number) => sites.reduce((sum, site) => sum + value(site), 0);
const mean = (sites: readonly SiteFacts[], value: (site: SiteFacts) => number) => total(sites, value) / Math.max(1, sites.length);

function aboutSources(place: Place, sources: readonly SourceFacts[]): string[] {
  const remarks: string[] = [];
  for (const { key, file, reaches, bounds, pixel_m = 0 } of sources) {
    if (!reaches && key !== "elevation" && key !== "surface") {
      const swapped = bounds !== undefined && contains(turned(bounds), place.center);
      remarks.push(
        swapped
          ? `${file}: its coordinates look swapped, latitude before longitude: nothing of it lies in the place`
          : `${file} does not overlap the sites${bounds === undefined || bounds.west > bounds.east ? ": it is empty" : `: it lies ${whereabouts(place.center, bounds)}`}`,
      );
    }
    if (key === "elevation" && pixel_m > COARSE_ELEVATION_M)
      remarks.push(
        `${file} has a height every ${Math.round(pixel_m)} m: slopes are smoothed, cuttings and terraces are missing (30 m or finer is better)`,
      );
    if (key === "surface" && pixel_m > COARSE_SURFACE_M)
      remarks.push(`${file} has a height every ${Math.round(pixel_m)} m: too coarse for single trees and roofs`);
    if (key === "imagery" && pixel_m > COARSE_IMAGERY_M)
      remarks.push(`${file} has a pixel every ${pixel_m.toFixed(0)} m: roofs and roads run into each other`);
  }
  return remarks;
}

function aboutHeights(sites: readonly SiteFacts[]): string[] {
  const remarks: string[] = [];
  const partly = sites.filter(({ covered }) => covered < 0.98);
  if (partly.length > 0)
    remarks.push(
      `the elevation covers only a part of ${list(partly.map(({ name, covered }) => `${name} (${percent(covered)})`))}: the rest is filled in or a hole`,
    );
  const holed = sites.filter((site) => site.void > 0.01);
  if (holed.length > 0) remarks.push(`the elevation has voids in ${list(holed.map((site) => `${site.name} (${percent(site.void)})`))}`);
  const rises = sites.map(({ rise_m }) => rise_m).filter((rise) => rise !== undefined);
  const rise = rises.sort((a, b) => a - b)[Math.floor(rises.length / 2)];
  if (rise !== undefined && (rise < -2 || rise > 40))
    remarks.push(
      `the surface lies ${Math.abs(rise).toFixed(1)} m ${rise < 0 ? "below" : "above"} the elevation in the middle of all points: do their \`vertical\` and \`units\` agree?`,
    );
  const high = sites.filter(({ relief_m }) => relief_m > CROP_M);
  if (high.length > 0)
    remarks.push(
      `the ground of ${list(high.map(({ name, relief_m }) => `${name} (${Math.round(relief_m)} m)`))} rises more than a crop is high (${CROP_M} m above the lowest ground): what lies above is cut off`,
    );
  const steep = sites.filter(({ relief_m }) => relief_m > 900);
  if (steep.length > 0)
    remarks.push(`${list(steep.map(({ name, relief_m }) => `${name} rises ${Math.round(relief_m)} m over 600 m`))}: are the \`units\` right?`);
  return remarks;
}

function aboutMap(place: Place, sources: readonly SourceFacts[], sites: readonly SiteFacts[]): string[] {
  const remarks: string[] = [];
  const missing = place.osm === undefined;
  if (missing) remarks.push("there is no map (`osm`): no roads, no water, and land cover from the surface model at best");
  const unnamed = mean(sites, (site) => site.unnamed);
  if (!missing && unnamed > 0.5)
    remarks.push(`no map feature names ${percent(unnamed)} of the ground: it becomes grass or pavement, and maps of it say little`);
  if (!missing && sources.some(({ key, reaches }) => key === "osm" && reaches) && total(sites, ({ roads_km }) => roads_km) === 0)
    remarks.push("the map has no road in any site");
  const blank = missing ? [] : sites.filter((site) => site.roads_km + site.paths_km === 0 && buildingsOf(site) === 0 && site.unnamed > 0.8);
  if (blank.length > 0 && blank.length < sites.length)
    remarks.push(`the map says next to nothing of ${list(blank.map(({ name }) => name))}: to leave such sites out, list the others under \`sites\``);
  const level = sites.filter((site) => site.level > 0.05);
  if (level.length > 0)
    remarks.push(
      `dead level ground that the map does not name lies in ${list(level.map((site) => `${site.name} (${percent(site.level)})`))}: is water missing from it? It becomes ${missing ? "grass" : "grass or pavement"}`,
    );
  const buildings = total(sites, buildingsOf);
  const guessed = total(sites, (site) => site.buildings.default);
  if (buildings === 0) remarks.push("there is no building in any site: nothing will stand in the generated scenes either");
  else if (guessed / buildings > 0.3)
    remarks.push(`${percent(guessed / buildings)} of the ${buildings} buildings have no height in the data: it is guessed from their use`);
  const tallest = sites.reduce((tallest, { tallest_m }) => Math.max(tallest, tallest_m), 0);
  if (tallest > 350) remarks.push(`a building is ${Math.round(tallest)} m tall: are the \`units\` of \`buildings\` right?`);
  return remarks;
}

function aboutSize(sites: readonly SiteFacts[], { policy, sites: held }: HoldOut): string[] {
  if (policy === "crop")
    return [
      `${sites.length === 1 ? "one site is" : `${sites.length} sites are`} too few to hold one out: models are measured on one crop of 200 m, beside crops that they were trained on (4 sites or more are better, 9 best)`,
    ];
  return held.length === 1
    ? [`one site of ${sites.length} is held out: measures on it may be far from what another would give (9 sites hold out two)`]
    : [];
}

function aboutAttribution({ attribution }: Place): string[] {
  if (attribution.length === 0) return ["`attribution` is empty: reports and assets will name no source"];
  return attribution.some((line) => line.includes(TO_FILL)) ? [`\`attribution\` still says ${TO_FILL}: every report and asset repeats it`] : [];
}

const list = (texts: readonly string[]) => (texts.length <= 6 ? texts.join(", ") : `${texts.slice(0, 6).join(", ")} and ${texts.length - 6} more`);

export function contains({ west, south, east, north }: Bounds, { lat, lon }: { lat: number; lon: number }): boolean {
  return lon >= west && lon <= east && lat >= south && lat <= north;
}

/** With latitude and longitude exchanged. */
const turned = ({ west, south, east, north }: Bounds): Bounds => ({ west: south, south: west, east: north, north: east });

/** `12 km north-east of the centre, round 43.70, 7.40` */
export function whereabouts(center: { lat: number; lon: number }, bounds: Bounds): string {
  const at = { lat: (bounds.south + bounds.north) / 2, lon: (bounds.west + bounds.east) / 2 };
  const north = (at.lat - center.lat) * 111.2;
  const east = (((at.lon - center.lon + 540) % 360) - 180) * 111.2 * Math.cos((center.lat * Math.PI) / 180);
  const names = ["east", "north-east", "north", "north-west", "west", "south-west", "south", "south-east"];
  const direction = names[(Math.round(Math.atan2(north, east) / (Math.PI / 4)) + 8) % 8]!;
  return `${Math.round(Math.hypot(north, east))} km ${direction} of the centre, round ${at.lat.toFixed(2)}, ${at.lon.toFixed(2)}`;
}
