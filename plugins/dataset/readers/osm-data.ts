/** OpenStreetMap elements as read from a file, and the features they make. */

export type Tags = Readonly<Record<string, string>>;
/** Longitude, latitude, degrees. */
export type LonLat = readonly [number, number];

export interface OsmData {
  /** Positions of all nodes by id. */
  nodes: Map<number, LonLat>;
  taggedNodes: { id: number; tags: Tags }[];
  ways: Map<number, { refs: number[]; tags: Tags }>;
  relations: { id: number; members: { type: "node" | "way" | "relation"; ref: number; role: string }[]; tags: Tags }[];
}

export interface MapFeatures {
  points: { at: LonLat; tags: Tags }[];
  lines: { points: LonLat[]; tags: Tags }[];
  /** Rings are closed implicitly: the first point is not repeated. */
  areas: { outer: LonLat[]; inner: LonLat[][]; tags: Tags }[];
  /** Multipolygons whose rings did not close, as at the border of an extract. */
  broken: number;
}

export const emptyOsm = (): OsmData => ({ nodes: new Map(), taggedNodes: [], ways: new Map(), relations: [] });
export const emptyFeatures = (): MapFeatures => ({ points: [], lines: [], areas: [], broken: 0 });

/** Keys whose closed ways are areas, with the values that are lines nevertheless. */
const AREA_KEYS: Record<string, readonly string[]> = {
  building: [],
  "building:part": [],
  landuse: [],
  leisure: ["slipway"],
  natural: ["coastline", "tree_row", "cliff", "ridge", "arete", "valley"],
  amenity: [],
  water: [],
  waterway: ["river", "stream", "canal", "ditch", "drain", "weir", "dam"],
  "area:highway": [],
  aeroway: ["runway", "taxiway"],
  man_made: ["pipeline", "embankment", "breakwater", "groyne", "cutline"],
  power: ["line", "minor_line", "cable"],
  tourism: [],
  shop: [],
  landcover: [],
  place: [],
  historic: [],
  railway: ["rail", "tram", "subway", "light_rail", "narrow_gauge", "abandoned", "disused", "construction"],
};

export function isArea(tags: Tags): boolean {
  if (tags.area === "yes") return true;
  if (tags.area === "no" || (tags.highway !== undefined && tags["area:highway"] === undefined) || tags.barrier !== undefined) return false;
  return Object.entries(AREA_KEYS).some(([key, lines]) => tags[key] !== undefined && tags[key] !== "no" && !lines.includes(tags[key]));
}

/** Points, lines and areas; multipolygon relations are put together from their ways. */
export function toFeatures(osm: OsmData): MapFeatures {
  const out = emptyFeatures();
  for (const { id, tags } of osm.taggedNodes) out.points.push({ at: osm.nodes.get(id)!, tags });
  for (const { refs, tags } of osm.ways.values()) {
    if (Object.keys(tags).length === 0) continue;
    const points = positions(osm, refs);
    const closed = refs.length > 3 && refs[0] === refs[refs.length - 1];
    if (closed && isArea(tags)) {
      if (points.length > 3) out.areas.push({ outer: points.slice(0, -1), inner: [], tags });
    } else if (points.length > 1) out.lines.push({ points, tags });
  }
  for (const relation of osm.relations) if (relation.tags.type === "multipolygon") multipolygon(osm, relation, out);
  return out;
}

function positions(osm: OsmData, refs: readonly number[]): LonLat[] {
  const points: LonLat[] = [];
  for (const ref of refs) {
    const p = osm.nodes.get(ref);
    if (p !== undefined) points.push(p); // an extract leaves out nodes beyond its border
  }
  return points;
}

function multipolygon(osm: OsmData, relation: OsmData["relations"][number], out: MapFeatures): void {
  const rings = { outer: [] as number[][], inner: [] as number[][] };
  for (const role of ["outer", "inner"] as const) {
    const ways = relation.members
      .filter((m) => m.type === "way" && (m.role === "inner") === (role === "inner"))
      .map((m) => osm.ways.get(m.ref)?.refs);
    const joined = joinRings(ways.filter((refs): refs is number[] => refs !== undefined && refs.length > 1));
    rings[role] = joined.rings;
    if (joined.open > 0 || ways.includes(undefined)) out.broken++;
  }
  const { type: _, ...tags } = relation.tags;
  const inner = rings.inner.map((ring) => positions(osm, ring)).filter((ring) => ring.length > 2);
  for (const ring of rings.outer) {
    const outer = positions(osm, ring);
    if (outer.length > 2) out.areas.push({ outer, inner: inner.filter((hole) => contains(outer, hole[0]!)), tags });
  }
}

/** Joins ways end to end into closed rings of node ids (first not repeated). */
export function joinRings(ways: readonly (readonly number[])[]): { rings: number[][]; open: number } {
  const rings: number[][] = [];
  const left = ways.map((refs) => [...refs]);
  let open = 0;
  while (left.length > 0) {
    const ring = left.pop()!;
    while (ring[0] !== ring[ring.length - 1]) {
      const end = ring[ring.length - 1];
      const next = left.findIndex((refs) => refs[0] === end || refs[refs.length - 1] === end);
      if (next < 0) break;
      const [refs] = left.splice(next, 1) as [number[]];
      if (refs[0] !== end) refs.reverse();
      ring.push(...refs.slice(1));
    }
    if (ring[0] === ring[ring.length - 1] && ring.length > 3) rings.push(ring.slice(0, -1));
    else open++;
  }
  return { rings, open };
}

/** Even–odd test. */
function contains(ring: readonly LonLat[], [x, y]: LonLat): boolean {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [a, b] = [ring[i]!, ring[j]!];
    if (a[1] > y !== b[1] > y && x < ((b[0] - a[0]) * (y - a[1])) / (b[1] - a[1]) + a[0]) inside = !inside;
  }
  return inside;
}
