/** Building footprints with heights from GeoJSON and GeoJSON lines (RFC 7946, RFC 8142: longitude, latitude in WGS 84) and from CityJSON. */
import { badInput } from "./bad-input";
import { HIGHEST_M, readCityJson, type ShellFace } from "./cityjson";
import type { LonLat, Tags } from "./osm-data";

export interface Footprint {
  outer: LonLat[];
  inner: LonLat[][];
  /** Metres above the ground; undefined where the file gives none. */
  height_m?: number;
  /** Its other properties as text: `roof:shape`, `building`. */
  tags: Tags;
  /** Walls and roofs as modelled (CityJSON); they replace the extruded footprint. */
  shell?: ShellFace[];
}

export const LENGTH_UNITS = { m: 1, ft: 0.3048, "us-ft": 1200 / 3937 } as const;
export type LengthUnit = keyof typeof LENGTH_UNITS;

/**
 * @param heightKey property that holds the height
 * @param unit what that height is measured in
 */
export async function readFootprints(file: string, heightKey: string, unit: LengthUnit): Promise<Footprint[]> {
  const text = await Bun.file(file).text();
  if (/"type"\s*:\s*"CityJSON"/.test(text.slice(0, 4096)) || /\.city\.json$/i.test(file)) return readCityJson(file, parse(text, file));
  const footprints: Footprint[] = [];
  for (const [line, feature] of features(file, text)) {
    const where = line > 0 ? `${file}:${line}` : file;
    const { geometry, properties } = (feature ?? {}) as {
      geometry?: { type?: string; coordinates?: unknown } | null;
      properties?: Record<string, unknown> | null;
    };
    if (geometry === null || geometry === undefined) continue;
    const { type, coordinates } = geometry;
    const polygons = type === "Polygon" ? [coordinates] : type === "MultiPolygon" ? listOf(where, coordinates, "polygons") : [];
    const tags: Record<string, string> = {};
    for (const [key, value] of Object.entries(properties ?? {})) if (value !== null && typeof value !== "object") tags[key] = String(value);
    const height = Number.parseFloat(tags[heightKey] ?? "") * LENGTH_UNITS[unit];
    for (const polygon of polygons) {
      const rings = listOf(where, polygon, "rings").map((ring) => readRing(where, ring));
      if (rings.length === 0 || rings[0]!.length < 3) continue;
      footprints.push({ outer: rings[0]!, inner: rings.slice(1), tags, ...(height > 0 && height <= HIGHEST_M ? { height_m: height } : {}) });
    }
  }
  return footprints;
}

function listOf(where: string, value: unknown, what: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw badInput(where, `${JSON.stringify(value)?.slice(0, 40)} is no list of ${what}`);
}

function readRing(where: string, ring: unknown): LonLat[] {
  const points = listOf(where, ring, "positions").map((p): LonLat => {
    const [lon, lat] = (Array.isArray(p) ? p : []) as [unknown, unknown];
    if (!(typeof lon === "number" && typeof lat === "number" && Math.abs(lon) <= 180 && Math.abs(lat) <= 90))
      throw badInput(where, `a position is ${JSON.stringify(p)}, not longitude and latitude in degrees`, "reproject it: ogr2ogr -t_srs EPSG:4326 …");
    return [lon, lat];
  });
  const [first, last] = [points[0], points[points.length - 1]];
  return first && last && points.length > 1 && first[0] === last[0] && first[1] === last[1] ? points.slice(0, -1) : points;
}

/** RFC 8142 puts one before every feature. */
const RECORD_SEPARATOR = String.fromCharCode(0x1e);

/** Features with the line they stand on (0 in a FeatureCollection). */
function* features(file: string, text: string): Generator<[number, unknown]> {
  const lines = text.replaceAll(RECORD_SEPARATOR, "").split("\n");
  const first = (lines.find((l) => l.trim() !== "") ?? "").trim();
  if (first.startsWith("{") && first.endsWith("}") && !first.includes('"FeatureCollection"')) {
    for (const [i, line] of lines.entries()) {
      const json = line.trim();
      if (json === "") continue;
      const where = `${file}:${i + 1}`;
      const feature = parse(json, where) as { type?: unknown };
      if (feature.type !== "Feature") throw badInput(where, `no GeoJSON feature: its type is ${JSON.stringify(feature.type)}`);
      yield [i + 1, feature];
    }
    return;
  }
  const collection = (parse(text, file) ?? {}) as { type?: string; features?: unknown[]; crs?: { properties?: { name?: unknown } | null } | null };
  const crs = collection.crs?.properties?.name ?? undefined;
  if (crs !== undefined && !/CRS84|EPSG:?:?4326/i.test(String(crs)))
    throw badInput(file, `its CRS is ${crs}; GeoJSON is in longitude and latitude`, "reproject it: ogr2ogr -t_srs EPSG:4326 …");
  if (collection.type === "Feature") yield [0, collection];
  else if (collection.type === "FeatureCollection" && Array.isArray(collection.features)) for (const f of collection.features) yield [0, f];
  else throw badInput(file, `no GeoJSON feature collection: its type is ${JSON.stringify(collection.type)}`);
}

function parse(json: string, where: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw badInput(where, `not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}
