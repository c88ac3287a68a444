/** Extrudes footprints: walls, roofs, and where their heights come from. */
import earcut from "earcut";
import type { Canvas, XY } from "./canvas";
import { type Field, heightAt } from "./ground";
import { type LandCover, matches } from "./landcover";
import { roofColor, wallColor } from "./look";
import type { MeshBuilder, RGB } from "./mesh";
import { chooseRoof, pitchedFaces, ringArea } from "./roof";
import { buildShell } from "./shell";
import type { PlanBuilding } from "./site-features";

export type HeightSource = "file" | "height" | "levels" | "surface" | "default";

export interface Building {
  rings: XY[][];
  /** Metres above the mean ground under it, to the top of its roof; `min_m` for parts that begin higher. */
  height_m: number;
  min_m: number;
  ground_m: number;
  lowest_m: number;
  landClass: number;
  source: HeightSource;
  tags: PlanBuilding["tags"];
  key: number;
  shell?: PlanBuilding["shell"];
}

/** @param rise the surface model less the terrain, where there is one: gives heights that nobody tagged */
export function resolveBuildings(
  list: readonly PlanBuilding[],
  ground: Field,
  canvas: Canvas,
  rules: LandCover,
  rise: Field | undefined,
): Building[] {
  const withParts = partedOutlines(list);
  const out: Building[] = [];
  for (const [index, { rings, tags, height_m, key, shell }] of list.entries()) {
    const ring = rings[0]!;
    if (ring.length < 3 || Math.abs(ringArea(ring)) < 4 || withParts.has(index) || tags.location === "underground" || tags.building === "roof")
      continue;
    const levels = ring.map((p) => heightAt(ground, p[0], p[1]));
    const known = taggedHeight(tags, rules.buildings.level_m, height_m) ?? surfaceHeight(rings, canvas, rise);
    const kind = tags["building:part"] !== undefined && tags.building === undefined ? tags["building:part"] : tags.building;
    const height = known ?? { height_m: rules.buildings.heights_m[kind ?? "yes"] ?? rules.buildings.default_m, source: "default" as const };
    const min_m = metres(tags.min_height) ?? (Number.parseFloat(tags["building:min_level"] ?? "") * rules.buildings.level_m || 0);
    out.push({
      rings,
      height_m: Math.max(2, height.height_m),
      min_m: Math.min(min_m, Math.max(0, height.height_m - 1)),
      ground_m: levels.reduce((a, b) => a + b, 0) / levels.length,
      lowest_m: Math.min(...levels),
      landClass: rules.buildings.classes.find((r) => matches(r.tags, tags))?.class ?? 4,
      source: height.source,
      tags,
      key,
      ...(shell === undefined ? {} : { shell }),
    });
  }
  return out;
}

/** Does a corner of it lie in the square round the site's centre? */
export function standsWithin({ rings }: Building, half_m: number): boolean {
  return rings[0]!.some(([x, y]) => Math.abs(x) < half_m && Math.abs(y) < half_m);
}

/** Outlines that parts stand in are replaced by them. */
function partedOutlines(list: readonly PlanBuilding[]): Set<number> {
  const parts = list.filter((b) => b.tags["building:part"] !== undefined && b.tags["building:part"] !== "no");
  const outlines = new Set<number>();
  for (const part of parts) {
    const centre = part.rings[0]!.reduce<[number, number]>(
      (s, p) => [s[0] + p[0] / part.rings[0]!.length, s[1] + p[1] / part.rings[0]!.length],
      [0, 0],
    );
    for (const [i, b] of list.entries()) if (b.tags["building:part"] === undefined && inside(b.rings[0]!, centre)) outlines.add(i);
  }
  return outlines;
}

function inside(ring: readonly XY[], [x, y]: XY): boolean {
  let is = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [a, b] = [ring[i]!, ring[j]!];
    if (a[1] > y !== b[1] > y && x < ((b[0] - a[0]) * (y - a[1])) / (b[1] - a[1]) + a[0]) is = !is;
  }
  return is;
}

/** Metres of a tag's value: `12`, `12.5 m`, `40 ft`, `40'`. */
export function metres(text: string | undefined): number | undefined {
  const match = /^\s*(\d+(?:[.,]\d+)?)\s*(m|ft|feet|')?(?!\w)/.exec(text ?? "");
  if (!match) return undefined;
  const value = Number(match[1]!.replace(",", "."));
  return match[2] !== undefined && match[2] !== "m" ? value * 0.3048 : value;
}

function taggedHeight(
  tags: PlanBuilding["tags"],
  level_m: number,
  measured: number | undefined,
): { height_m: number; source: HeightSource } | undefined {
  if (measured !== undefined) return { height_m: measured, source: "file" };
  const height = metres(tags.height);
  if (height !== undefined && height > 0 && height < 1000) return { height_m: height, source: "height" };
  const levels = Number.parseFloat(tags["building:levels"] ?? "");
  return levels > 0 && levels < 200 ? { height_m: levels * level_m + 1, source: "levels" } : undefined;
}

/** The 90th percentile of the surface's rise inside the footprint. */
function surfaceHeight(rings: XY[][], canvas: Canvas, rise: Field | undefined): { height_m: number; source: HeightSource } | undefined {
  if (rise === undefined) return undefined;
  const heights: number[] = [];
  canvas.polygon(rings, (i) => {
    const h = heightAt(rise, canvas.centre(i % canvas.n), canvas.centre(Math.floor(i / canvas.n)));
    if (!Number.isNaN(h)) heights.push(h);
  });
  heights.sort((a, b) => a - b);
  const top = heights[Math.floor(0.9 * heights.length)];
  return top !== undefined && top > 2 ? { height_m: top, source: "surface" } : undefined;
}

const SINK_M = 0.5;

/** @param seen the roof's colour in a photograph */
export function buildBuilding(mesh: MeshBuilder, b: Building, seen?: RGB): void {
  if (b.shell) {
    buildShell(mesh, b, b.shell, seen);
    return;
  }
  const { key } = b;
  const roof = chooseRoof(b.rings[0]!, b.rings.length - 1, b.height_m - b.min_m, b.tags);
  const top = b.ground_m + b.height_m;
  const eaves = top - roof.rise_m;
  const bottom = b.min_m > 0 ? b.ground_m + b.min_m : b.lowest_m - SINK_M;
  const wall = wallColor(b.tags, key);
  const cover = seen ?? roofColor(b.landClass, b.tags, key);
  for (const [k, ring] of b.rings.entries()) walls(mesh, k === 0 ? ring : clockwise(ring), bottom, eaves, wall, b.landClass);
  if (roof.shape === "flat") cap(mesh, b.rings, eaves, cover, b.landClass, false);
  else
    for (const { points, gable } of pitchedFaces(b.rings[0]!, roof)) {
      const rgb = gable ? wall : cover;
      const at = points.map(([x, y, z]) => mesh.vertex(x, y, eaves + z, rgb));
      for (let i = 1; i + 1 < at.length; i++) mesh.triangle(at[0]!, at[i]!, at[i + 1]!, b.landClass);
    }
  if (b.min_m > 0) cap(mesh, b.rings, bottom, wall, b.landClass, true);
}

function walls(mesh: MeshBuilder, ring: readonly XY[], bottom: number, top: number, rgb: RGB, landClass: number): void {
  for (let i = 0; i < ring.length; i++) {
    const [a, b] = [ring[i]!, ring[(i + 1) % ring.length]!];
    if (Math.hypot(b[0] - a[0], b[1] - a[1]) < 0.05) continue;
    const foot = rgb.map((v) => v * 0.75) as unknown as RGB; // darker towards the ground
    mesh.quad(
      mesh.vertex(a[0], a[1], bottom, foot),
      mesh.vertex(b[0], b[1], bottom, foot),
      mesh.vertex(b[0], b[1], top, rgb),
      mesh.vertex(a[0], a[1], top, rgb),
      landClass,
    );
  }
}

function cap(mesh: MeshBuilder, rings: readonly XY[][], z: number, rgb: RGB, landClass: number, down: boolean): void {
  const points = rings.flat();
  const holes: number[] = [];
  let count = 0;
  for (const ring of rings.slice(0, -1)) {
    count += ring.length;
    holes.push(count);
  }
  const at = points.map(([x, y]) => mesh.vertex(x, y, z, rgb));
  const index = earcut(points.flat(), holes, 2);
  for (let i = 0; i + 2 < index.length; i += 3) {
    const [a, b, c] = [index[i]!, index[i + 1]!, index[i + 2]!];
    const [p, q, r] = [points[a]!, points[b]!, points[c]!];
    const left = (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]) > 0;
    if (left !== down) mesh.triangle(at[a]!, at[b]!, at[c]!, landClass);
    else mesh.triangle(at[a]!, at[c]!, at[b]!, landClass);
  }
}

function clockwise(ring: readonly XY[]): XY[] {
  return ringArea(ring) > 0 ? [...ring].reverse() : [...ring];
}
