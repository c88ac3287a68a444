/** The sites of a place: squares of 600 m, each with its own ENU frame. */
import { EnuFrame, type Geodetic } from "../../earth/api";
import { type Bounds, badInput } from "../readers/bad-input";
import type { LonLat, Tags } from "../readers/osm-data";
import { ellipsoidalHeight, type Layer, openLayers, reaches } from "./elevation";
import type { PlaceMap } from "./map";
import type { Place } from "./place-file";

/** Edge of a site ("Collection and 3D Simulation": deduplication in 600 m grids). */
export const SITE_M = 600;

export interface Site {
  name: string;
  /** Origin of its frame: WGS 84 degrees, and the ellipsoidal height of the ground at its centre in metres. */
  origin: Geodetic;
}

/**
 * @param warn takes what the user should know: cells left out, files without a datum
 * @throws UserError when no site is left
 */
export async function resolveSites(place: Place, map: PlaceMap, warn: (text: string) => void): Promise<Site[]> {
  return sitesOn(await openLayers(place.elevation, placeBounds(place), warn), place, map, warn);
}

/** `resolveSites` on elevation that is open already. */
export function sitesOn(layers: readonly Layer[], place: Place, map: PlaceMap, warn: (text: string) => void): Site[] {
  const frame = new EnuFrame({ ...place.center, h: 0 });
  const at = (x: number, y: number) => frame.toGeodetic([x, y, 0]);
  const candidates: { name: string; lat: number; lon: number }[] = [];
  if (place.sites === "center") candidates.push({ name: "center", ...place.center });
  else if (place.sites === "grid") {
    const n = Math.floor(place.extent_m / SITE_M);
    const left: string[] = [];
    const sea: string[] = [];
    for (let row = 0; row < n; row++)
      for (let column = 0; column < n; column++) {
        const { lat, lon } = at((column - (n - 1) / 2) * SITE_M, (row - (n - 1) / 2) * SITE_M);
        const name = `x${column}y${row}`;
        if (!coversSite(layers, lat, lon)) left.push(name);
        else if (isOpenSea(layers, map, lat, lon)) sea.push(name);
        else candidates.push({ name, lat, lon });
      }
    if (sea.length > 0) warn(`${sea.length} of ${n * n} cells left out, where there is nothing but water: ${sea.join(", ")}`);
    if (left.length > 0) warn(`${left.length} of ${n * n} cells left out, where the elevation does not reach: ${left.join(", ")}`);
  } else candidates.push(...place.sites);
  const names = candidates.map((c) => c.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw badInput(place.name, `two sites are called "${twice}"`);
  for (const [a, b] of overlaps(candidates, frame)) warn(`sites ${a} and ${b} overlap: if one is held out, the other shows parts of it in training`);
  const sites = candidates.map(({ name, lat, lon }): Site => {
    const h = ellipsoidalHeight(layers, lon, lat);
    if (!Number.isNaN(h)) return { name, origin: { lat, lon, h } };
    const near = nearestHeight(layers, lat, lon);
    if (Number.isNaN(near))
      throw badInput(place.elevation[0]!.file, `no elevation within 300 m of site "${name}" (${lat.toFixed(5)}, ${lon.toFixed(5)})`);
    warn(`site ${name}: the elevation has a void at its centre; the frame takes the nearest height`);
    return { name, origin: { lat, lon, h: near } };
  });
  if (sites.length === 0)
    throw badInput(place.elevation[0]!.file, "the elevation covers no whole site of 600 m", "`sites: center` takes one that is covered in part");
  return sites;
}

/** Pairs of sites less than 600 m apart along both axes. */
function overlaps(list: readonly { name: string; lat: number; lon: number }[], frame: EnuFrame): [string, string][] {
  const at = list.map(({ lat, lon }) => frame.fromGeodetic({ lat, lon, h: 0 }));
  const pairs: [string, string][] = [];
  for (let i = 0; i < at.length; i++)
    for (let j = i + 1; j < at.length; j++)
      if (Math.max(Math.abs(at[i]![0] - at[j]![0]), Math.abs(at[i]![1] - at[j]![1])) < SITE_M - 1) pairs.push([list[i]!.name, list[j]!.name]);
  return pairs;
}

/** A box round all that the sites of a place can need, with a margin. */
export function placeBounds(place: Place): Bounds {
  const points = Array.isArray(place.sites) ? place.sites : [place.center];
  const reach_m = (place.sites === "grid" ? place.extent_m / 2 : SITE_M / 2) + 300;
  const dLat = reach_m / 110_500;
  const dLon = (lat: number) => reach_m / (111_320 * Math.max(0.01, Math.cos((lat * Math.PI) / 180)));
  return {
    south: Math.min(...points.map((p) => p.lat)) - dLat,
    north: Math.max(...points.map((p) => p.lat)) + dLat,
    west: Math.min(...points.map((p) => p.lon - dLon(p.lat))),
    east: Math.max(...points.map((p) => p.lon + dLon(p.lat))),
  };
}

/** Points 100 m apart over the site, its rim included. */
function* siteRaster(lat: number, lon: number): Generator<Geodetic> {
  const frame = new EnuFrame({ lat, lon, h: 0 });
  for (let y = -SITE_M / 2; y <= SITE_M / 2; y += 100) for (let x = -SITE_M / 2; x <= SITE_M / 2; x += 100) yield frame.toGeodetic([x, y, 0]);
}

function coversSite(layers: readonly Layer[], lat: number, lon: number): boolean {
  for (const p of siteRaster(lat, lon)) if (!reaches(layers, p.lon, p.lat)) return false;
  return true;
}

/** Level to a metre and without a road or building, in a place with a coast. */
function isOpenSea(layers: readonly Layer[], map: PlaceMap, lat: number, lon: number): boolean {
  const { lines, areas } = map.features;
  if (!lines.some((l) => l.tags.natural === "coastline")) return false;
  let [low, high] = [Infinity, -Infinity];
  for (const p of siteRaster(lat, lon)) {
    const h = ellipsoidalHeight(layers, p.lon, p.lat);
    if (!Number.isNaN(h)) [low, high] = [Math.min(low, h), Math.max(high, h)];
  }
  if (high - low > 1) return false;
  const dLat = 250 / 110_500; // what crops are cut from
  const dLon = dLat / Math.cos((lat * Math.PI) / 180);
  const here = ([x, y]: LonLat) => Math.abs(y - lat) < dLat && Math.abs(x - lon) < dLon;
  const built = (tags: Tags) => tags.highway !== undefined || tags.building !== undefined;
  return !lines.some((l) => built(l.tags) && l.points.some(here)) && !areas.some((a) => built(a.tags) && a.outer.some(here));
}

function nearestHeight(layers: readonly Layer[], lat: number, lon: number): number {
  let [best, height] = [Infinity, Number.NaN];
  for (const p of siteRaster(lat, lon)) {
    const h = ellipsoidalHeight(layers, p.lon, p.lat);
    const d = Math.hypot(p.lat - lat, (p.lon - lon) * Math.cos((lat * Math.PI) / 180));
    if (!Number.isNaN(h) && d < best) [best, height] = [d, h];
  }
  return height;
}
