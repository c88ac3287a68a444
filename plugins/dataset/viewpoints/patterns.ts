/**
 * The three camera patterns of the data set (supplementary, "Camera Viewpoints"): where they would stand in an empty scene.
 * What stands in their way is `clearance.ts`'s business. ENU metres about the site's origin.
 */
import type { Vec3 } from "../../earth/api";
export type Pattern = "top-outer" | "top-inner" | "building" | "adalevel";

export interface Viewpoint {
  pattern: Pattern;
  /** Which square or which turn of the spiral, 0 being the lowest square and the highest turn. */
  level: number;
  position: Vec3;
  /** What the middle of the picture shows. */
  target: Vec3;
}

/** Height of the terrain under (x, y), metres. */
export type Ground = (x: number, y: number) => number;

export interface TopPoseOptions {
  /** Above the mean ground. */
  height_m: number;
  outer_m: number;
  inner_m: number;
  perSquare: number;
  /** Edge of the scene, which the inner cameras look at. */
  extent_m: number;
}

/** Two squares far above ground: the outer cameras look at the centre (layout), the inner ones at the scene's edges (detail). */
export function topPose(options: TopPoseOptions, ground: Ground, meanGround_m: number): Viewpoint[] {
  const z = meanGround_m + options.height_m;
  const centre: Vec3 = [0, 0, ground(0, 0)];
  const outer = onSquare(options.outer_m, options.perSquare, 0).map(
    ([x, y]): Viewpoint => ({ pattern: "top-outer", level: 1, position: [x, y, z], target: centre }),
  );
  const inner = onSquare(options.inner_m, options.perSquare, 0).map(([x, y]): Viewpoint => {
    const k = options.extent_m / options.inner_m;
    return { pattern: "top-inner", level: 0, position: [x, y, z], target: [x * k, y * k, ground(x * k, y * k)] };
  });
  return [...outer, ...inner];
}

export interface TallestBuilding {
  /** Outline, ENU metres; first point not repeated. */
  footprint: readonly (readonly [number, number])[];
  base_m: number;
  height_m: number;
}

export interface BuildingPoseOptions {
  layers: number;
  perLayer: number;
}

/** A spiral round the tallest building, sampled from above downwards, one turn a layer, widening as it descends. */
export function buildingPose(options: BuildingPoseOptions, building: TallestBuilding): Viewpoint[] {
  const count = building.footprint.length;
  const cx = building.footprint.reduce((sum, p) => sum + p[0], 0) / count;
  const cy = building.footprint.reduce((sum, p) => sum + p[1], 0) / count;
  const radius = Math.max(...building.footprint.map((p) => Math.hypot(p[0] - cx, p[1] - cy)));
  const { base_m, height_m } = building;
  const total = options.layers * options.perLayer;
  return Array.from({ length: total }, (_, i): Viewpoint => {
    const down = total === 1 ? 0 : i / (total - 1);
    const angle = (2 * Math.PI * i) / options.perLayer;
    const distance = radius + 60 + 60 * down + height_m * 0.5;
    const z = base_m + height_m + 120 - down * (0.5 * height_m + 80);
    return {
      pattern: "building",
      level: Math.floor(i / options.perLayer),
      position: [cx + distance * Math.sin(angle), cy + distance * Math.cos(angle), z],
      target: [cx, cy, base_m + height_m * (0.8 - 0.4 * down)],
    };
  });
}

export interface AdaLevelOptions {
  lowest_m: number;
  /** The highest square lies so far above the tallest building's roof. */
  aboveTallest_m: number;
  levels: number;
  perSquare: number;
  /** Edge of the lowest and of the highest square. */
  outer_m: number;
  inner_m: number;
}

/** Squares that shrink as they rise, each turned a little against the one below so that levels do not hide behind each other. */
export function adaLevelPose(options: AdaLevelOptions, ground: Ground, tallest_m: number): Viewpoint[] {
  const target: Vec3 = [0, 0, ground(0, 0)];
  const highest = tallest_m + options.aboveTallest_m;
  return Array.from({ length: options.levels }, (_, level) => {
    const up = options.levels === 1 ? 1 : level / (options.levels - 1);
    const altitude = options.lowest_m + up * (highest - options.lowest_m);
    const edge = options.outer_m + up * (options.inner_m - options.outer_m);
    return onSquare(edge, options.perSquare, (level % 2) / (2 * options.perSquare)).map(
      ([x, y]): Viewpoint => ({ pattern: "adalevel", level, position: [x, y, ground(x, y) + altitude], target }),
    );
  }).flat();
}

/** `count` points evenly along the outline of a square about the origin, from its north-west corner eastwards; `phase` in turns. */
export function onSquare(edge_m: number, count: number, phase: number): [number, number][] {
  const half = edge_m / 2;
  return Array.from({ length: count }, (_, i) => {
    const along = ((i / count + phase) % 1) * 4;
    const side = Math.floor(along);
    const step = (along - side) * edge_m;
    if (side === 0) return [-half + step, half];
    if (side === 1) return [half, half - step];
    if (side === 2) return [half - step, -half];
    return [-half, -half + step];
  });
}
