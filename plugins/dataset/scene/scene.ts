/**
 * The simulated scene of one site ("Collection and 3D Simulation"): terrain, roads, water, buildings and trees as one labelled, coloured mesh, from elevation, map and footprints.
 */
import { EnuFrame, type Georeference, georeference, separation } from "../../earth/api";
import type { Layer } from "../place/elevation";
import type { PlaceMap } from "../place/map";
import type { Place } from "../place/place-file";
import type { Site } from "../place/sites";
import type { Orthophoto } from "../readers/orthophoto";
import { buildBridges } from "./bridges";
import { type Building, buildBuilding, type HeightSource, resolveBuildings, standsWithin } from "./buildings";
import { Canvas, type XY } from "./canvas";
import { colorPlan, meanColor } from "./color-plan";
import { type Field, type Ground, levelWater, sampleField, sampleGround } from "./ground";
import type { LandCover } from "./landcover";
import { MeshBuilder, type SceneMesh } from "./mesh";
import { type Plan, type PlanShares, paintPlan, planShares } from "./plan";
import { type SiteFeatures, siteFeatures } from "./site-features";
import { buildTree, canopyHeights, collectTrees, paintCanopy } from "./trees";

export interface SceneOptions {
  /** Edge of the mesh, metres. */
  extent_m: number;
  /** Edge of a terrain cell, metres; land cover is drawn at half of it. */
  cell_m: number;
}

/** What `scene.json` says beside the mesh. Plan coordinates are ENU metres about the origin. */
export interface SceneInfo extends Georeference, PlanShares {
  site: string;
  extent_m: number;
  cell_m: number;
  buildings: { footprint: XY[]; height_m: number; ground_m: number; height_from: HeightSource }[];
  /** The tallest building: the Building-Pose trajectory turns about it. */
  tallest?: { x: number; y: number; height_m: number; top_m: number };
  roads: { line: XY[]; width_m: number; class: string }[];
  trees: number;
  /** Nodes whose height was filled in, and nodes left open for want of any height near. */
  voids: { filled: number; open: number };
  /** Lowest and highest point of the mesh, metres. */
  lowest_m: number;
  highest_m: number;
}

export interface Scene {
  mesh: SceneMesh;
  info: SceneInfo;
  plan: Plan;
  ground: Ground;
  /** Ground with canopy and buildings, at the ground's nodes: for pictures and checks. */
  surface: Float32Array;
  /** sRGB of the canvas, 0–255. */
  picture: Uint8Array;
}

export interface SceneSource {
  place: Place;
  map: PlaceMap;
  elevation: readonly Layer[];
  surface: readonly Layer[];
  /** Colours the ground and the roofs where it has a picture. */
  imagery?: Orthophoto;
  rules: LandCover;
}

/** A site before anything is built on it. */
export interface Layout {
  ground: Ground;
  /** Surface model less terrain, where the place has one. */
  rise: Field | undefined;
  features: SiteFeatures;
  plan: Plan;
}

/** @throws RangeError when the site has no height at all */
export function layOut(source: SceneSource, site: Site, options: SceneOptions): Layout {
  const half_m = options.extent_m / 2;
  const n = Math.round(options.extent_m / options.cell_m);
  const ground = sampleGround(source.elevation, site.origin, half_m, n);
  const rise = source.surface.length > 0 ? riseOf(source, site, ground) : undefined;
  const features = siteFeatures(source.map, site.origin, half_m);
  const [east, north] = new EnuFrame({ ...source.place.center, h: 0 }).fromGeodetic({ ...site.origin, h: 0 });
  const plan = paintPlan(features, source.rules, new Canvas(half_m, options.extent_m / n / 2, [east, north]));
  if (rise) paintCanopy(plan.canvas, plan.built, rise, source.rules.canopy, plan.byDefault);
  return { ground, rise, features, plan };
}

export function buildScene(source: SceneSource, site: Site, options: SceneOptions): Scene {
  const half_m = options.extent_m / 2;
  const { ground, rise, features, plan } = layOut(source, site, options);
  const { n } = ground;
  const node = nodeClasses(plan.canvas, n);
  smoothRoads(ground, node);
  const water = Uint8Array.from(node, (c) => (c === 8 ? 1 : 0));
  levelWater(ground, water, plan.sea && { nodes: seaNodes(plan.sea, n), level_m: seaLevel(source, site) });
  const buildings = resolveBuildings(features.buildings, ground, plan.canvas, source.rules, rise);
  const canopy = canopyHeights(ground, (i) => node[i] === source.rules.canopy, rise);
  const surface = surfaceHeights(ground, canopy, buildings, plan.canvas);
  const raised: Field = { ...ground, z: ground.z.map((z, i) => z + canopy[i]!) };
  const { picture, photographed } = colorPlan(plan.canvas, site.origin, source.imagery);

  const mesh = new MeshBuilder();
  buildTerrain(mesh, raised, ground.absent, plan.canvas, picture);
  buildBridges(mesh, ground, plan.bridges);
  const here = buildings.filter((b) => standsWithin(b, half_m));
  const seen = source.imagery ? (rings: readonly XY[][]) => meanColor(plan.canvas, picture, photographed, rings) : undefined;
  for (const building of here) buildBuilding(mesh, building, seen?.(building.rings));
  const trees = collectTrees(features, plan.canvas, plan.built);
  for (const tree of trees) buildTree(mesh, ground, tree);
  const built = mesh.build();
  return {
    mesh: built,
    info: describe(source, site, options, { plan, ground, buildings: here, trees: trees.length, mesh: built }),
    plan,
    ground,
    surface,
    picture,
  };
}

/** Surface model less terrain, on the ground's nodes. Terrain models often have voids under what stands on them: there the ground as filled in counts, or towers would become rings. */
function riseOf(source: SceneSource, site: Site, ground: Ground): Field {
  const top = sampleField(source.surface, site.origin, ground.half_m, ground.n);
  return { ...top, z: top.z.map((z, i) => z - ground.z[i]!) };
}

/** The four squares of the canvas that meet at a node of the ground; on its rim some stand twice. */
function squaresRound({ n }: Canvas, column: number, row: number): number[] {
  const within = (at: number) => Math.min(n - 1, Math.max(0, at));
  const [west, east, south, north] = [within(2 * column - 1), within(2 * column), within(2 * row - 1), within(2 * row)];
  return [south * n + west, south * n + east, north * n + west, north * n + east];
}

/** A node's class: what most of the four squares round it are; squares under buildings do not vote. */
function nodeClasses(canvas: Canvas, n: number): Uint8Array {
  const out = new Uint8Array((n + 1) ** 2);
  const votes = new Uint8Array(32);
  for (let r = 0; r <= n; r++)
    for (let c = 0; c <= n; c++) {
      votes.fill(0);
      let best = 0;
      for (const square of squaresRound(canvas, c, r)) {
        const k = canvas.classes[square]!;
        if (++votes[k]! > votes[best]!) best = k;
      }
      out[r * (n + 1) + c] = best;
    }
  return out;
}

/** 1 on nodes whose square north-east of them is sea. */
function seaNodes(sea: Uint8Array, n: number): Uint8Array {
  const side = n + 1;
  const square = (i: number) => Math.min(2 * n - 1, 2 * i);
  return Uint8Array.from({ length: side * side }, (_, i) => sea[square(Math.floor(i / side)) * 2 * n + square(i % side)]!);
}

/** Height 0 of the elevation's datum in the site's frame; of the geoid where heights are above the ellipsoid. */
function seaLevel(source: SceneSource, { origin }: Site): number {
  const { vertical } = source.elevation[0]!;
  return separation(vertical === "ellipsoid" ? "egm96" : vertical, origin.lat, origin.lon) - origin.h;
}

/** Roads lie level across: heights of their nodes are averaged with the nodes round them. */
function smoothRoads({ n, cell_m, z }: Field, node: Uint8Array): void {
  const radius = Math.max(1, Math.round(3 / cell_m));
  const side = n + 1;
  const before = z.slice();
  for (let r = 0; r < side; r++)
    for (let c = 0; c < side; c++) {
      if (node[r * side + c] !== 5) continue;
      let [sum, count] = [0, 0];
      for (let rr = Math.max(0, r - radius); rr <= Math.min(n, r + radius); rr++)
        for (let cc = Math.max(0, c - radius); cc <= Math.min(n, c + radius); cc++) {
          sum += before[rr * side + cc]!;
          count++;
        }
      z[r * side + c] = sum / count;
    }
}

/** Ground with canopies and buildings: what throws shadows. */
function surfaceHeights(ground: Field, canopy: Float32Array, buildings: readonly Building[], canvas: Canvas): Float32Array {
  const surface = ground.z.map((z, i) => z + canopy[i]!);
  const side = ground.n + 1;
  for (const b of buildings)
    canvas.polygon(b.rings, (i) => {
      const [c, r] = [Math.round(((i % canvas.n) + 0.5) / 2), Math.round((Math.floor(i / canvas.n) + 0.5) / 2)];
      const at = r * side + c;
      surface[at] = Math.max(surface[at]!, b.ground_m + b.height_m);
    });
  return surface;
}

/** Two triangles a cell; each takes the class of the square in its corner, so that edges of land cover may run diagonally. */
function buildTerrain(mesh: MeshBuilder, field: Field, absent: Uint8Array, canvas: Canvas, picture: Uint8Array): void {
  const { n, cell_m, half_m, z } = field;
  const side = n + 1;
  for (let r = 0; r < side; r++)
    for (let c = 0; c < side; c++) {
      const sum = [0, 0, 0];
      for (const square of squaresRound(canvas, c, r)) for (let k = 0; k < 3; k++) sum[k]! += picture[3 * square + k]! / (4 * 255);
      mesh.vertex(c * cell_m - half_m, r * cell_m - half_m, z[r * side + c]!, [sum[0]!, sum[1]!, sum[2]!]);
    }
  for (let r = 0; r < n; r++)
    for (let c = 0; c < n; c++) {
      const [sw, se, nw, ne] = [r * side + c, r * side + c + 1, (r + 1) * side + c, (r + 1) * side + c + 1];
      if (absent[sw] && absent[se] && absent[nw] && absent[ne]) continue;
      mesh.triangle(sw, se, ne, canvas.classes[2 * r * canvas.n + 2 * c + 1]!);
      mesh.triangle(sw, ne, nw, canvas.classes[(2 * r + 1) * canvas.n + 2 * c]!);
    }
}

interface Parts {
  plan: Plan;
  ground: Ground;
  buildings: readonly Building[];
  trees: number;
  mesh: SceneMesh;
}

function describe(source: SceneSource, site: Site, options: SceneOptions, { plan, ground, buildings, trees, mesh }: Parts): SceneInfo {
  const shares = planShares(plan);
  let [lowest_m, highest_m] = [Infinity, -Infinity];
  for (let i = 2; i < mesh.vertices.length; i += 3)
    [lowest_m, highest_m] = [Math.min(lowest_m, mesh.vertices[i]!), Math.max(highest_m, mesh.vertices[i]!)];
  const round = (v: number) => Math.round(v * 100) / 100;
  const flat = (points: readonly XY[]): XY[] => points.map(([x, y]) => [round(x), round(y)]);
  const central = buildings.filter((b) => b.rings[0]!.every(([x, y]) => Math.abs(x) < 250 && Math.abs(y) < 250));
  const tallest = central.reduce<Building | undefined>((best, b) => (best === undefined || b.height_m > best.height_m ? b : best), undefined);
  const centre = (ring: readonly XY[]) => ring.reduce<[number, number]>((s, p) => [s[0] + p[0] / ring.length, s[1] + p[1] / ring.length], [0, 0]);
  return {
    ...georeference(site.origin, source.elevation[0]!.vertical, source.place.attribution),
    site: site.name,
    extent_m: options.extent_m,
    cell_m: options.cell_m,
    buildings: buildings.map((b) => ({
      footprint: flat(b.rings[0]!),
      height_m: round(b.height_m),
      ground_m: round(b.ground_m),
      height_from: b.source,
    })),
    ...(tallest === undefined
      ? {}
      : {
          tallest: {
            x: round(centre(tallest.rings[0]!)[0]),
            y: round(centre(tallest.rings[0]!)[1]),
            height_m: round(tallest.height_m),
            top_m: round(tallest.ground_m + tallest.height_m),
          },
        }),
    roads: plan.roads.map((r) => ({ line: flat(r.points), width_m: r.width_m, class: r.tags.highway! })),
    trees,
    ...shares,
    voids: { filled: ground.filled.reduce((a, b) => a + b, 0), open: ground.absent.reduce((a, b) => a + b, 0) },
    lowest_m: round(lowest_m),
    highest_m: round(highest_m),
  };
}
