/** What the map holds near a site, in the plan of the site's frame. */
import { EnuFrame, type Geodetic } from "../../earth/api";
import type { PlaceMap } from "../place/map";
import type { LonLat, Tags } from "../readers/osm-data";
import type { XY } from "./canvas";

export interface PlanBuilding {
  /** Outer ring counter-clockwise, then holes; the first point is not repeated. */
  rings: XY[][];
  /** Measured height above the ground, where the data give one. */
  height_m?: number;
  tags: Tags;
  key: number;
  /** Modelled walls and roofs: plan coordinates, and metres above the building's lowest point. */
  shell?: { kind: "wall" | "roof"; rings: [number, number, number][][] }[];
}

/** `key` is a number that belongs to a feature: its looks hang on it, and so are the same seen from every site and in every order of the file. */
export interface SiteFeatures {
  points: { at: XY; tags: Tags; key: number }[];
  lines: { points: XY[]; tags: Tags; key: number }[];
  areas: { rings: XY[][]; tags: Tags; key: number }[];
  buildings: PlanBuilding[];
  coastlines: XY[][];
}

/** Cuts out what touches the site (with a margin for widths and shadows). */
export function siteFeatures(map: PlaceMap, origin: Geodetic, half_m: number): SiteFeatures {
  const frame = new EnuFrame(origin);
  const reach = half_m + 60;
  const plan = ([lon, lat]: LonLat): XY => {
    const [x, y] = frame.fromGeodetic({ lon, lat, h: origin.h });
    return [x, y];
  };
  // A degree's length is only a first sieve: what passes is brought into the frame and looked at again.
  const dLat = (reach * 1.2) / 110_500;
  const dLon = dLat / Math.max(0.05, Math.cos((origin.lat * Math.PI) / 180));
  const mayTouch = (points: readonly LonLat[]) => {
    let [w, e, s, n] = [Infinity, -Infinity, Infinity, -Infinity];
    for (const [lon, lat] of points) [w, e, s, n] = [Math.min(w, lon), Math.max(e, lon), Math.min(s, lat), Math.max(n, lat)];
    return w < origin.lon + dLon && e > origin.lon - dLon && s < origin.lat + dLat && n > origin.lat - dLat;
  };
  const { features, footprints } = map;
  const rings = (outer: readonly LonLat[], inner: readonly (readonly LonLat[])[]) => [
    counterClockwise(outer.map(plan)),
    ...inner.map((r) => r.map(plan)),
  ];
  const fromOsm = features.areas.filter((a) => isBuilding(a.tags) && mayTouch(a.outer));
  const fromFile = footprints?.filter((f) => mayTouch(f.outer));
  const buildings: PlanBuilding[] = fromFile
    ? fromFile.map((f) => ({
        rings: rings(f.outer, f.inner),
        tags: f.tags,
        key: keyOf(f.outer[0]!),
        ...(f.height_m === undefined ? {} : { height_m: f.height_m }),
        ...(f.shell === undefined
          ? {}
          : {
              shell: f.shell.map((face) => ({
                kind: face.kind,
                rings: face.rings.map((r) => r.map(([lon, lat, z]): [number, number, number] => [...plan([lon, lat]), z])),
              })),
            }),
      }))
    : fromOsm.map((a) => ({ rings: rings(a.outer, a.inner), tags: a.tags, key: keyOf(a.outer[0]!) }));
  return {
    points: features.points.filter((p) => mayTouch([p.at])).map((p) => ({ at: plan(p.at), tags: p.tags, key: keyOf(p.at) })),
    lines: features.lines
      .filter((l) => l.tags.natural !== "coastline" && mayTouch(l.points))
      .map((l) => ({ points: l.points.map(plan), tags: l.tags, key: keyOf(l.points[0]!) })),
    areas: features.areas
      .filter((a) => !isBuilding(a.tags) && mayTouch(a.outer))
      .map((a) => ({ rings: rings(a.outer, a.inner), tags: a.tags, key: keyOf(a.outer[0]!) })),
    buildings,
    coastlines: features.lines.filter((l) => l.tags.natural === "coastline").map((l) => l.points.map(plan)),
  };
}

/** From a feature's first point, in steps of a centimetre. */
function keyOf([lon, lat]: LonLat): number {
  return Math.imul(Math.round(lon * 1e7), 73856093) ^ Math.imul(Math.round(lat * 1e7), 19349663);
}

function isBuilding(tags: Tags): boolean {
  return (
    (tags.building !== undefined && tags.building !== "no") ||
    (tags["building:part"] !== undefined && tags["building:part"] !== "no") ||
    tags.man_made === "storage_tank" ||
    tags.man_made === "silo"
  );
}

function counterClockwise(ring: XY[]): XY[] {
  let area2 = 0;
  for (let i = 0; i < ring.length; i++) {
    const [a, b] = [ring[i]!, ring[(i + 1) % ring.length]!];
    area2 += a[0] * b[1] - b[0] * a[1];
  }
  return area2 < 0 ? ring.reverse() : ring;
}
