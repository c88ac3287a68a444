/**
 * No camera stands inside the ground, a canopy or a building, nor with its lens against a wall.
 *
 * A viewpoint in the way moves to the nearest driving road, over which the air is free (supplementary: "obstacle avoidance
 * mechanism based on the driving road paths"), at its own altitude; where no road within reach serves, it rises until it is clear.
 */
import type { Vec3 } from "../../earth/api";
import type { Viewpoint } from "./patterns";
import type { SurfaceGrid } from "./surface-grid";

export interface ClearanceOptions {
  /** Free air around a camera, metres, sideways and downwards. */
  clearance_m: number;
  /** How far a camera may move to a road. */
  reach_m: number;
  /** Least free sight along the optical axis. */
  sight_m: number;
}

export type Moved = "no" | "to-road" | "up";
export interface ClearViewpoint extends Viewpoint {
  moved: Moved;
}

/** Driving roads as polylines, ENU metres. */
export type Roads = readonly (readonly (readonly [number, number, ...number[]])[])[];

export function clearViewpoints(views: readonly Viewpoint[], surface: SurfaceGrid, roads: Roads, options: ClearanceOptions): ClearViewpoint[] {
  const stops = roadStops(roads, options.clearance_m);
  return views.map((view) => clearOne(view, surface, stops, options));
}

/** True when the camera has free air around it and something to see ahead. */
export function isClear(position: Vec3, target: Vec3, surface: SurfaceGrid, options: ClearanceOptions): boolean {
  const [x, y, z] = position;
  return (
    z - options.clearance_m >= surface.highestWithin(x, y, options.clearance_m) &&
    surface.freeSight(position, target, options.sight_m) >= options.sight_m
  );
}

function clearOne(view: Viewpoint, surface: SurfaceGrid, stops: readonly [number, number][], options: ClearanceOptions): ClearViewpoint {
  if (isClear(view.position, view.target, surface, options)) return { ...view, moved: "no" };
  const [x, y, z] = view.position;
  const near = stops
    .map(([sx, sy]) => ({ sx, sy, distance: Math.hypot(sx - x, sy - y) }))
    .filter((stop) => stop.distance <= options.reach_m)
    .sort((a, b) => a.distance - b.distance || a.sx - b.sx || a.sy - b.sy);
  for (const { sx, sy } of near) {
    const position: Vec3 = [sx, sy, z];
    if (isClear(position, view.target, surface, options)) return { ...view, position, moved: "to-road" };
  }
  let risen = Math.max(z, surface.highestWithin(x, y, options.clearance_m) + options.clearance_m);
  for (let i = 0; i < 200 && !isClear([x, y, risen], view.target, surface, options); i++) risen += options.clearance_m / 2;
  return { ...view, position: [x, y, risen], moved: "up" };
}

function roadStops(roads: Roads, spacing_m: number): [number, number][] {
  const stops: [number, number][] = [];
  for (const line of roads)
    for (let i = 0; i + 1 < line.length; i++) {
      const [a, b] = [line[i]!, line[i + 1]!];
      const pieces = Math.max(1, Math.ceil(Math.hypot(b[0] - a[0], b[1] - a[1]) / spacing_m));
      for (let k = 0; k < pieces; k++) stops.push([a[0] + ((b[0] - a[0]) * k) / pieces, a[1] + ((b[1] - a[1]) * k) / pieces]);
    }
  return stops;
}
