/** What the sources give one site, looked at in its ground plan before anything is built. */
import { CLASS_COUNT, EnuFrame } from "../../earth/api";
import { ellipsoidalHeight, reaches } from "../place/elevation";
import { SITE_M, type Site } from "../place/sites";
import type { HeightRaster } from "../readers/height-raster";
import { type HeightSource, resolveBuildings, standsWithin } from "../scene/buildings";
import type { XY } from "../scene/canvas";
import type { Field, Ground } from "../scene/ground";
import { type Plan, planShares } from "../scene/plan";
import { isDriven } from "../scene/roads";
import { layOut, type SceneSource } from "../scene/scene";

/** Fine enough to tell roads from what lies beside them; a scene is built at 2 m. */
const CELL_M = 5;
/** Distance between the points at which coverage is looked at. */
const PROBE_M = 25;

export interface SiteFacts {
  name: string;
  /** Share of the site that the elevation reaches, and share of that where it has a void. */
  covered: number;
  void: number;
  /** Lowest to highest ground, metres; 0 where the site has no height. */
  relief_m: number;
  /** What cars drive on, and what they do not. */
  roads: number;
  roads_km: number;
  paths_km: number;
  /** Buildings by where their heights come from. */
  buildings: Record<HeightSource, number>;
  tallest_m: number;
  /** Share of the ground that no map rule names. */
  unnamed: number;
  /** Share of the site that is dead level and that no map rule names: water, as a rule, where elevation is given in fractions of a metre. */
  level: number;
  /** Shares of the ground plan; index = Table 13's id. */
  classes: number[];
  /** Median of surface model − elevation, metres; undefined without a surface model. */
  rise_m?: number;
}

export const buildingsOf = ({ buildings }: SiteFacts) => Object.values(buildings).reduce((sum, n) => sum + n, 0);

export function surveySite(source: SceneSource, site: Site): SiteFacts {
  const coverage = coverageOf(source, site);
  const empty: SiteFacts = {
    name: site.name,
    ...coverage,
    relief_m: 0,
    roads: 0,
    roads_km: 0,
    paths_km: 0,
    buildings: { file: 0, height: 0, levels: 0, surface: 0, default: 0 },
    tallest_m: 0,
    unnamed: 1,
    level: 0,
    classes: new Array(CLASS_COUNT).fill(0),
  };
  if (coverage.covered * (1 - coverage.void) === 0) return empty;
  const half_m = SITE_M / 2;
  const { ground, rise, features, plan } = layOut(source, site, { extent_m: SITE_M, cell_m: CELL_M });
  const buildings = resolveBuildings(features.buildings, ground, plan.canvas, source.rules, rise).filter((b) => standsWithin(b, half_m));
  for (const building of buildings) empty.buildings[building.source] += 1;
  const { class_share, default_share } = planShares(plan);
  const roads = plan.roads.map(({ points, tags }) => ({ length_m: lengthWithin(points, half_m), driven: isDriven(tags.highway!) }));
  const km = (driven: boolean) => roads.reduce((sum, road) => sum + (road.driven === driven ? road.length_m / 1000 : 0), 0);
  const known = ground.z.filter((_, i) => !ground.filled[i]);
  return {
    ...empty,
    relief_m: known.reduce((a, b) => Math.max(a, b), -Infinity) - known.reduce((a, b) => Math.min(a, b), Infinity),
    roads: roads.filter(({ driven, length_m }) => driven && length_m > 0).length,
    roads_km: km(true),
    paths_km: km(false),
    tallest_m: buildings.reduce((tallest, { height_m }) => Math.max(tallest, height_m), 0),
    unnamed: default_share,
    level: source.elevation.some(({ raster }) => hasWholeMetres(raster)) ? 0 : levelShare(ground, plan),
    classes: empty.classes.map((_, id) => class_share[id] ?? 0),
    ...(rise === undefined ? {} : { rise_m: medianRise(rise) }),
  };
}

function coverageOf({ elevation }: SceneSource, { origin }: Site): { covered: number; void: number } {
  const frame = new EnuFrame({ ...origin, h: 0 });
  let [all, reached, missing] = [0, 0, 0];
  for (let y = -SITE_M / 2; y <= SITE_M / 2; y += PROBE_M)
    for (let x = -SITE_M / 2; x <= SITE_M / 2; x += PROBE_M) {
      const { lon, lat } = frame.toGeodetic([x, y, 0]);
      all++;
      if (!reaches(elevation, lon, lat)) continue;
      reached++;
      if (Number.isNaN(ellipsoidalHeight(elevation, lon, lat))) missing++;
    }
  return { covered: reached / all, void: reached === 0 ? 0 : missing / reached };
}

/** Heights in whole metres make any plain look dead level. */
function hasWholeMetres({ values }: HeightRaster): boolean {
  const step = Math.max(1, Math.floor(values.length / 5000));
  for (let i = 0; i < values.length; i += step) if (values[i]! % 1 !== 0 && !Number.isNaN(values[i]!)) return false;
  return true;
}

/** Less rise than this over a cell is none; the ellipsoid alone drops by a quarter of it. */
const LEVEL_M = 0.001;

function levelShare({ n, z, filled }: Ground, { canvas, byDefault }: Plan): number {
  const side = n + 1;
  let level = 0;
  for (let r = 0; r < n; r++)
    for (let c = 0; c < n; c++) {
      const at = r * side + c;
      if (filled[at] || !byDefault[2 * r * canvas.n + 2 * c]) continue;
      if (Math.abs(z[at + 1]! - z[at]!) < LEVEL_M && Math.abs(z[at + side]! - z[at]!) < LEVEL_M) level++;
    }
  return level / n ** 2;
}

function medianRise({ z }: Field): number {
  const values = z.filter((v) => !Number.isNaN(v)).sort();
  return values.length === 0 ? 0 : values[Math.floor(values.length / 2)]!;
}

/** Metres of a line inside the square round the origin. */
export function lengthWithin(points: readonly XY[], half_m: number): number {
  let length = 0;
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1]!, points[i]!];
    let [from, to] = [0, 1];
    for (const k of [0, 1] as const) {
      const step = b[k] - a[k];
      if (step === 0) {
        if (Math.abs(a[k]) > half_m) to = -1;
        continue;
      }
      const [s, t] = [(-half_m - a[k]) / step, (half_m - a[k]) / step];
      [from, to] = [Math.max(from, Math.min(s, t)), Math.min(to, Math.max(s, t))];
    }
    if (to > from) length += (to - from) * Math.hypot(b[0] - a[0], b[1] - a[1]);
  }
  return length;
}
