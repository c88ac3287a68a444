/** Opens what a place names, one source after the other: what one of them lacks does not hide what is wrong with the next. */
import { basename } from "node:path";
import { UserError } from "../../../cli/plugin";
import type { Vertical } from "../../earth/api";
import { type Layer, openLayers } from "../place/elevation";
import { type PlaceMap, readPlaceMap } from "../place/map";
import type { HeightFile, Place } from "../place/place-file";
import { placeBounds } from "../place/sites";
import type { Bounds } from "../readers/bad-input";
import { emptyFeatures, type LonLat } from "../readers/osm-data";
import { type RasterFacts, rasterFacts } from "../readers/raster-facts";

export interface SourceFacts {
  key: "elevation" | "surface" | "osm" | "buildings" | "imagery";
  file: string;
  format: string;
  crs: string;
  /** What its heights are measured from, and who says so. */
  vertical?: { datum: Vertical; from: "place.yaml" | "the file" | "assumed" };
  unit?: string;
  pixel_m?: number;
  /** Of all that the file holds, degrees. */
  bounds?: Bounds;
  /** What it holds, in words. */
  holds: string;
  /** Does it reach into the place at all? */
  reaches: boolean;
  /** Whose it is, as its tags say. */
  copyright?: string;
}

export interface OpenedPlace {
  sources: SourceFacts[];
  elevation: Layer[];
  surface: Layer[];
  map: PlaceMap;
  /** A source each that cannot be read. */
  errors: UserError[];
  warnings: string[];
}

const NOWHERE: Bounds = { west: Infinity, south: Infinity, east: -Infinity, north: -Infinity };

/** Reads elevation, surface and map within the place; of imagery only its tags. */
export async function openPlace(place: Place): Promise<OpenedPlace> {
  const opened: OpenedPlace = { sources: [], elevation: [], surface: [], map: { features: emptyFeatures() }, errors: [], warnings: [] };
  const bounds = placeBounds(place);
  const guarded = async (work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      opened.errors.push(error);
    }
  };
  const heights = (key: "elevation" | "surface", source: HeightFile, layers: Layer[]) =>
    guarded(async () => {
      const facts = await rasterFacts(source.file);
      const found = await openLayers([source], bounds, (text) => opened.warnings.push(text));
      layers.push(...found);
      opened.sources.push(heightFacts(key, source, facts, found.length > 0));
    });
  for (const source of place.elevation) await heights("elevation", source, opened.elevation);
  if (place.surface) await heights("surface", place.surface, opened.surface);
  const { osm, buildings, imagery } = place;
  if (osm !== undefined)
    await guarded(async () => {
      const { buildings: _, ...rest } = place;
      opened.map = { ...opened.map, ...(await readPlaceMap(rest)) };
      opened.sources.push(mapFacts(osm, opened.map, bounds));
    });
  if (buildings !== undefined)
    await guarded(async () => {
      const { osm: _, ...rest } = place;
      const { footprints } = await readPlaceMap(rest);
      opened.map = { ...opened.map, ...(footprints ? { footprints } : {}) };
      opened.sources.push(footprintFacts(buildings.file, footprints ?? [], bounds));
    });
  if (imagery !== undefined)
    await guarded(async () => {
      const { format, crs, pixel_m, bounds: all, bands } = await rasterFacts(imagery);
      const holds = `${bands} band${bands === 1 ? "" : "s"}`;
      opened.sources.push({ key: "imagery", file: imagery, format, crs, pixel_m, bounds: all, holds, reaches: overlap(all, bounds) });
    });
  return opened;
}

function heightFacts(key: "elevation" | "surface", source: HeightFile, facts: RasterFacts, found: boolean): SourceFacts {
  const { format, crs, width, height, pixel_m, bounds, copyright } = facts;
  const datum = source.vertical ?? facts.vertical ?? "egm96";
  const from = source.vertical !== undefined ? "place.yaml" : facts.vertical !== undefined ? "the file" : "assumed";
  const unit = source.units ?? (facts.unit_m === 1 ? "m" : Math.abs(facts.unit_m - 0.3048) < 1e-7 ? "ft" : "us-ft");
  return {
    key,
    file: source.file,
    format,
    crs,
    vertical: { datum, from },
    unit,
    pixel_m,
    bounds,
    holds: `${width} × ${height} heights`,
    reaches: found,
    ...(copyright === undefined ? {} : { copyright }),
  };
}

const DEGREES = "longitude, latitude (WGS 84)";

function mapFacts(file: string, { features }: PlaceMap, place: Bounds): SourceFacts {
  const { points, lines, areas, broken } = features;
  const all = [...points.map(({ at }) => [at]), ...lines.map((line) => line.points), ...areas.map(({ outer }) => outer)];
  const inside = all.filter((positions) => positions.some((p) => within(p, place))).length;
  return {
    key: "osm",
    file,
    format: /\.pbf$/i.test(file) ? "OpenStreetMap PBF" : "OpenStreetMap XML",
    crs: DEGREES,
    bounds: boundsOf(all),
    holds: `${count(inside)} of ${count(all.length)} features lie here${broken > 0 ? `; ${broken} areas do not close` : ""}`,
    reaches: inside > 0,
  };
}

function footprintFacts(file: string, footprints: NonNullable<PlaceMap["footprints"]>, place: Bounds): SourceFacts {
  const inside = footprints.filter(({ outer }) => outer.some((p) => within(p, place)));
  const measured = inside.filter(({ height_m }) => height_m !== undefined).length;
  const modelled = footprints.some(({ shell }) => shell !== undefined);
  return {
    key: "buildings",
    file,
    format: modelled ? "CityJSON" : /l$|seq$/i.test(basename(file)) ? "GeoJSON lines" : "GeoJSON",
    crs: modelled ? "as its metadata say" : DEGREES,
    bounds: boundsOf(footprints.map(({ outer }) => outer)),
    holds: `${count(inside.length)} of ${count(footprints.length)} footprints lie here, ${count(measured)} with a height`,
    reaches: inside.length > 0,
  };
}

const count = (value: number) => value.toLocaleString("en");

const within = ([lon, lat]: LonLat, { west, south, east, north }: Bounds) => lon >= west && lon <= east && lat >= south && lat <= north;

const overlap = (a: Bounds, b: Bounds) => a.west <= b.east && a.east >= b.west && a.south <= b.north && a.north >= b.south;

/** The box that holds 98 % of the positions: one ferry line to another country does not say where a map lies. */
function boundsOf(lists: readonly (readonly LonLat[])[]): Bounds {
  const points = lists.flat();
  if (points.length === 0) return NOWHERE;
  const [lons, lats] = [Float64Array.from(points, (p) => p[0]).sort(), Float64Array.from(points, (p) => p[1]).sort()];
  const at = (values: Float64Array, share: number) => values[Math.min(values.length - 1, Math.floor(share * values.length))]!;
  return { west: at(lons, 0.01), south: at(lats, 0.01), east: at(lons, 0.99), north: at(lats, 0.99) };
}
