/**
 * CityJSON 1.0–2.0: buildings with their surfaces (LoD 1 to 3). Heights are taken above each building's lowest point, so that the model stands on the place's terrain whatever its vertical datum.
 */
import { UserError } from "../../../cli/errors";
import { badInput } from "./bad-input";
import type { Footprint } from "./building-file";
import { crsOf } from "./crs";
import type { LonLat } from "./osm-data";

/** More than any building has: 9999 stands for "unknown" in many a file. */
export const HIGHEST_M = 2000;

/** A polygon of a building's shell: rings of [longitude, latitude, metres above the lowest point of the building with all its parts]. */
export interface ShellFace {
  kind: "wall" | "roof";
  rings: [number, number, number][][];
}

interface CityObject {
  type?: string;
  attributes?: Record<string, unknown>;
  parents?: string[];
  geometry?: { type?: string; lod?: string | number; boundaries?: unknown; semantics?: { surfaces?: { type?: string }[]; values?: unknown } }[];
}

interface Surface {
  /** Vertex indices, ring by ring. */
  rings: number[][];
  type: string | undefined;
}

/** @throws UserError of exit 65 when the file is not what CityJSON says, wherever in it that is */
export function readCityJson(file: string, content: unknown): Footprint[] {
  try {
    return buildingsOf(file, content);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw badInput(file, `damaged: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function buildingsOf(file: string, content: unknown): Footprint[] {
  const city = content as {
    CityObjects?: Record<string, CityObject>;
    vertices?: unknown;
    transform?: { scale: number[]; translate: number[] };
    metadata?: { referenceSystem?: string };
  };
  if (typeof city.CityObjects !== "object" || !Array.isArray(city.vertices)) throw badInput(file, "not CityJSON: it has no CityObjects and vertices");
  const code = Number(/(\d+)$/.exec(city.metadata?.referenceSystem ?? "")?.[1]);
  if (!code) throw badInput(file, "its metadata name no referenceSystem, so where it lies is unknown");
  const crs = crsOf(
    file,
    code >= 4000 && code < 5000 ? { GTModelTypeGeoKey: 2, GeographicTypeGeoKey: code } : { GTModelTypeGeoKey: 1, ProjectedCSTypeGeoKey: code },
  );
  const { scale, translate } = city.transform ?? { scale: [1, 1, 1], translate: [0, 0, 0] };
  const vertices = (city.vertices as number[][]).map((v, i) => {
    const [x, y, z] = [0, 1, 2].map((k) => Number(v[k]) * scale[k]! + translate[k]!) as [number, number, number];
    if (![x, y, z].every(Number.isFinite)) throw badInput(file, `vertex ${i} is no three numbers: ${JSON.stringify(v)}`);
    const [lon, lat] = crs.inverse(x, y);
    if (!(Math.abs(lon) <= 180 && Math.abs(lat) <= 90)) throw badInput(file, `vertex ${i} lies nowhere on the globe: ${JSON.stringify(v)}`);
    return [lon, lat, z] as Vertex;
  });
  const parts: { root: string; object: CityObject; surfaces: Surface[]; used: Vertex[] }[] = [];
  const lowest = new Map<string, number>(); // of a building with all its parts: a dormer is a part that begins high above the ground
  for (const [id, object] of Object.entries(city.CityObjects)) {
    const geometry = object.type === "Building" || object.type === "BuildingPart" ? finest(object.geometry ?? []) : undefined;
    if (!geometry) continue;
    const surfaces = surfacesOf(`${file} ${id}`, geometry, vertices.length);
    const used = surfaces.flatMap((s) => s.rings.flat()).map((k) => vertices[k]!);
    if (used.length < 3) continue;
    const root = object.parents?.[0] ?? id;
    lowest.set(
      root,
      used.reduce((low, v) => Math.min(low, v[2]), lowest.get(root) ?? Infinity),
    );
    parts.push({ root, object, surfaces, used });
  }
  return parts.map(({ root, object, surfaces, used }): Footprint => {
    const base = lowest.get(root)!;
    const tags: Record<string, string> = { building: "yes" };
    for (const [key, value] of Object.entries(object.attributes ?? {})) if (value !== null && typeof value !== "object") tags[key] = String(value);
    const above = (k: number): Vertex => [vertices[k]![0], vertices[k]![1], vertices[k]![2] - base];
    const shell = surfaces
      .filter((s) => s.type !== "GroundSurface")
      .map((s): ShellFace => ({ kind: s.type === "WallSurface" ? "wall" : "roof", rings: s.rings.map((ring) => ring.map(above)) }));
    const top = used.reduce((high, v) => Math.max(high, v[2]), -Infinity);
    if (top - base > HIGHEST_M) throw badInput(`${file} ${root}`, `a building of ${top - base} m`, "look at its transform and its heights");
    return { outer: hull(used.map(([lon, lat]): LonLat => [lon, lat])), inner: [], height_m: Math.max(0.5, top - base), tags, shell };
  });
}

type Vertex = [lon: number, lat: number, z: number];

function finest(list: NonNullable<CityObject["geometry"]>): NonNullable<CityObject["geometry"]>[number] | undefined {
  return list
    .filter((g) => g.type === "MultiSurface" || g.type === "CompositeSurface" || g.type === "Solid")
    .sort((a, b) => Number(b.lod ?? 0) - Number(a.lod ?? 0))[0];
}

/** The polygons of a MultiSurface, or of a Solid's outer shell, with what the semantics call them. */
function surfacesOf(where: string, geometry: NonNullable<CityObject["geometry"]>[number], vertexCount: number): Surface[] {
  const solid = geometry.type === "Solid";
  const boundaries = (solid ? (geometry.boundaries as unknown[])?.[0] : geometry.boundaries) as unknown;
  if (!Array.isArray(boundaries)) throw badInput(where, "a geometry has no boundaries");
  const values = (solid ? (geometry.semantics?.values as unknown[] | undefined)?.[0] : geometry.semantics?.values) as (number | null)[] | undefined;
  return boundaries.map((polygon: unknown, i) => {
    const rings = polygon as number[][];
    if (!Array.isArray(rings) || !rings.every((ring) => Array.isArray(ring) && ring.every((v) => Number.isInteger(v) && v >= 0 && v < vertexCount)))
      throw badInput(where, `surface ${i} names vertices that do not exist`);
    const value = values?.[i];
    return { rings, type: typeof value === "number" ? geometry.semantics?.surfaces?.[value]?.type : undefined };
  });
}

/** Convex hull, counter-clockwise (Andrew's monotone chain). */
function hull(points: LonLat[]): LonLat[] {
  const sorted = [...points].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const half = (list: LonLat[]) => {
    const out: LonLat[] = [];
    for (const p of list) {
      while (out.length > 1) {
        const [a, b] = [out[out.length - 2]!, out[out.length - 1]!];
        if ((b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]) > 0) break;
        out.pop();
      }
      out.push(p);
    }
    return out.slice(0, -1);
  };
  return [...half(sorted), ...half(sorted.reverse())];
}
