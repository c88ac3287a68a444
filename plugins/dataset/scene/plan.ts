/** Paints a site's ground plan: land cover by rules, lines with their widths, sea, the ground round buildings. */
import type { Tags } from "../readers/osm-data";
import type { Canvas, XY } from "./canvas";
import { seaMask } from "./coast";
import { type LandCover, matches } from "./landcover";
import { featureStyle } from "./look";
import { ringArea } from "./roof";
import type { SiteFeatures } from "./site-features";

export interface Plan {
  canvas: Canvas;
  /** 1 where no rule named the land and the default stands. */
  byDefault: Uint8Array;
  /** 1 under buildings. */
  built: Uint8Array;
  /** 1 where the sea is, in a place with a coastline. */
  sea?: Uint8Array;
  /** Roads as drawn on the ground, for planners: plan coordinates and widths. */
  roads: { points: XY[]; width_m: number; tags: Tags }[];
  /** Lines that leave the ground. */
  bridges: { points: XY[]; width_m: number; key: number }[];
}

const LANE_M = 3.2;
const BUILDING = 4;
const ROAD = 5;
const WATER = 8;

export function paintPlan(features: SiteFeatures, rules: LandCover, canvas: Canvas): Plan {
  const size = canvas.n * canvas.n;
  const plan: Plan = { canvas, byDefault: new Uint8Array(size).fill(1), built: new Uint8Array(size), roads: [], bridges: [] };
  const paint = (landClass: number, style: number) => (i: number) => {
    canvas.classes[i] = landClass;
    canvas.style[i] = style;
    plan.byDefault[i] = 0;
  };
  paintDefault(canvas, rules.default);
  paintSurroundings(features, rules, plan);
  const areas = features.areas.filter((area) => !isBuilding(area.tags));
  const fill = (area: SiteFeatures["areas"][number], landClass: number) =>
    canvas.polygon(area.rings, paint(landClass, canvas.addStyle(featureStyle(landClass, area.tags, area.key, longSide(area.rings[0]!)))));
  const size_m2 = new Map(areas.map((area) => [area, Math.abs(ringArea(area.rings[0]!))]));
  for (const area of [...areas].sort((a, b) => size_m2.get(b)! - size_m2.get(a)!)) {
    const rule = rules.ground.findLast((r) => matches(r.tags, area.tags));
    if (rule) fill(area, rule.class);
  }
  for (const rule of rules.areas) for (const area of areas) if (matches(rule.tags, area.tags)) fill(area, rule.class);
  paintSea(features, plan);
  paintLines(features, rules, plan, paint);
  paintAmongStreets(rules, plan);
  paintInTheSea(rules, plan);
  for (const building of features.buildings)
    canvas.polygon(building.rings, (i) => {
      plan.built[i] = 1;
    });
  return plan;
}

export interface PlanShares {
  /** Shares of the ground plan by Table 13's id. */
  class_share: Record<number, number>;
  /** Share of the ground that no rule of the land cover named. */
  default_share: number;
}

export function planShares({ canvas, byDefault, built }: Plan): PlanShares {
  const count = canvas.classes.length;
  const share: Record<number, number> = {};
  let defaults = 0;
  for (let i = 0; i < count; i++) {
    const k = built[i] ? BUILDING : canvas.classes[i]!;
    share[k] = (share[k] ?? 0) + 1 / count;
    if (byDefault[i] && !built[i]) defaults++;
  }
  const round = (v: number) => Math.round(v * 1e5) / 1e5;
  return { class_share: Object.fromEntries(Object.entries(share).map(([k, v]) => [k, round(v)])), default_share: round(defaults / count) };
}

const isBuilding = (tags: Tags) => tags.building !== undefined && tags.building !== "no";

function paintDefault(canvas: Canvas, landClass: number): void {
  canvas.classes.fill(landClass);
  canvas.style.fill(canvas.addStyle(featureStyle(landClass, {}, 0)));
}

/** Ground near buildings is paved where no land-use area says otherwise: it is painted first and keeps its mark as default. */
function paintSurroundings(features: SiteFeatures, rules: LandCover, plan: Plan): void {
  const { class: landClass, within_m } = rules.near_buildings;
  if (within_m === 0) return;
  for (const { rings, key } of features.buildings) {
    const style = plan.canvas.addStyle(featureStyle(landClass, {}, key));
    plan.canvas.stroke([...rings[0]!, rings[0]![0]!], within_m, (i) => {
      plan.canvas.classes[i] = landClass;
      plan.canvas.style[i] = style;
    });
  }
}

/** Unnamed ground in the middle of many streets is a town's. */
function paintAmongStreets(rules: LandCover, plan: Plan): void {
  const { class: landClass, within_m, road_share } = rules.among_streets;
  paintAmong(plan, rules, landClass, within_m, road_share, (i) => plan.canvas.classes[i] === ROAD);
}

/** Unnamed ground with more sea than land round it is a mole or a quay. */
function paintInTheSea(rules: LandCover, plan: Plan): void {
  const { sea } = plan;
  const { class: landClass, within_m, sea_share } = rules.in_the_sea;
  if (sea) paintAmong(plan, rules, landClass, within_m, sea_share, (i) => sea[i] === 1 && plan.canvas.classes[i] === WATER);
}

/** Paints ground that bears the default where at least a share of what lies within so many metres is marked. */
function paintAmong(plan: Plan, rules: LandCover, landClass: number, within_m: number, least: number, marked: (i: number) => boolean): void {
  const { canvas, byDefault } = plan;
  const { n } = canvas;
  const reach = Math.max(1, Math.round(within_m / canvas.step_m));
  const sums = new Uint32Array((n + 1) ** 2); // of marked squares south and west of each corner
  for (let r = 0; r < n; r++)
    for (let c = 0; c < n; c++)
      sums[(r + 1) * (n + 1) + c + 1] =
        (marked(r * n + c) ? 1 : 0) + sums[r * (n + 1) + c + 1]! + sums[(r + 1) * (n + 1) + c]! - sums[r * (n + 1) + c]!;
  const style = canvas.addStyle(featureStyle(landClass, {}, 1));
  for (let r = 0; r < n; r++)
    for (let c = 0; c < n; c++) {
      const i = r * n + c;
      if (!byDefault[i] || canvas.classes[i] !== rules.default) continue;
      const [r0, r1, c0, c1] = [Math.max(0, r - reach), Math.min(n, r + reach + 1), Math.max(0, c - reach), Math.min(n, c + reach + 1)];
      const count = sums[r1 * (n + 1) + c1]! - sums[r0 * (n + 1) + c1]! - sums[r1 * (n + 1) + c0]! + sums[r0 * (n + 1) + c0]!;
      if (count < least * (r1 - r0) * (c1 - c0)) continue;
      canvas.classes[i] = landClass;
      canvas.style[i] = style;
    }
}

function paintSea(features: SiteFeatures, plan: Plan): void {
  if (features.coastlines.length === 0) return;
  const { canvas, byDefault } = plan;
  const sea = seaMask(canvas, features.coastlines);
  plan.sea = sea;
  const style = canvas.addStyle(featureStyle(8, {}, 3));
  // piers and breakwaters reach beyond the coastline and stay what they are
  for (let i = 0; i < sea.length; i++)
    if (sea[i] && byDefault[i]) {
      canvas.classes[i] = 8;
      canvas.style[i] = style;
      byDefault[i] = 0;
    }
}

function paintLines(features: SiteFeatures, rules: LandCover, plan: Plan, paint: (landClass: number, style: number) => (i: number) => void): void {
  const { canvas } = plan;
  const chosen = features.lines.flatMap((line) => {
    let rule: LandCover["lines"][number] | undefined;
    for (const r of rules.lines)
      if (matches(r.tags, line.tags) && (rule === undefined || line.tags.highway === undefined || r.class !== 5 || rule.class !== 9)) rule = r;
    return rule && !underground(line.tags) ? [{ ...line, rule, width_m: widthOf(line.tags, rule.width_m) }] : [];
  });
  for (const { points, tags, width_m, key } of chosen)
    if (rules.sidewalks.values.includes(tags.sidewalk ?? "") && tags.bridge === undefined) {
      const style = canvas.addStyle(featureStyle(rules.sidewalks.class, {}, key));
      const over = paint(rules.sidewalks.class, style);
      canvas.stroke(points, width_m / 2 + rules.sidewalks.width_m, (i) => {
        if (canvas.classes[i] !== 8) over(i);
      });
    }
  const order = (line: (typeof chosen)[number]) => rules.lines.indexOf(line.rule);
  for (const { points, tags, rule, width_m, key } of [...chosen].sort((a, b) => order(a) - order(b))) {
    if (tags.highway !== undefined) plan.roads.push({ points, width_m, tags });
    if (tags.bridge !== undefined && tags.bridge !== "no" && tags.waterway === undefined) plan.bridges.push({ points, width_m, key });
    else canvas.stroke(points, width_m / 2, paint(rule.class, canvas.addStyle(featureStyle(rule.class, tags, key))));
  }
}

function underground(tags: Tags): boolean {
  return (
    (tags.tunnel !== undefined && tags.tunnel !== "no") ||
    tags.covered === "yes" ||
    tags.location === "underground" ||
    Number(tags.layer ?? 0) < 0 ||
    tags.indoor === "yes" ||
    tags.area === "yes"
  );
}

function widthOf(tags: Tags, usual_m: number): number {
  const width = Number.parseFloat(tags.width ?? "");
  if (width >= 1 && width <= 80) return width;
  const lanes = Number.parseInt(tags.lanes ?? "", 10);
  return lanes >= 1 && lanes <= 12 ? Math.max(usual_m, lanes * LANE_M) : usual_m;
}

/** Direction of a ring's longest side, for rows of crops that run along it. */
function longSide(ring: readonly XY[]): number {
  let [best, angle] = [0, 0];
  for (let i = 0; i < ring.length; i++) {
    const [a, b] = [ring[i]!, ring[(i + 1) % ring.length]!];
    const d = Math.hypot(b[0] - a[0], b[1] - a[1]);
    if (d > best) [best, angle] = [d, Math.atan2(b[1] - a[1], b[0] - a[0]) + Math.PI / 2];
  }
  return angle;
}
