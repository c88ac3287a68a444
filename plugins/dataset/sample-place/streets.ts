/** Streets of the sample place: a road along every valley, contour streets and cross streets in the towns, a few roads over the ridges, tracks. */
import { Random } from "../noise";
import type { Drawing, Tags } from "./drawing";
import { CONTOURS_M, VALLEY_PITCH_M, type Valley, type XY } from "./valley";

/** A block of a town: between two contour streets and two cross streets. */
export interface Block {
  valley: number;
  side: 1 | -1;
  /** Range across from the stream and along the valley, metres, from street axis to street axis. */
  across: readonly [number, number];
  along: readonly [number, number];
  density: number;
}

export interface StreetPlan {
  blocks: Block[];
  /** Where the roads over the ridges cross, for each valley: along-valley positions. */
  passes: readonly number[];
}

const VALLEYS = [-2, -1, 0, 1, 2] as const;
const REACH_M = 1800;

export function drawStreets(valley: Valley, drawing: Drawing): StreetPlan {
  const random = new Random(valley.seed, 2);
  const blocks: Block[] = [];
  const passes = [-1150, -520, 130, 690, 1240].map((s) => s + random.uniform(-40, 40));

  for (const k of VALLEYS) {
    const stations = crossStations(random, passes);
    for (const side of [1, -1] as const) {
      const has = (band: number, j: number): boolean => {
        if (band < 0 || band >= CONTOURS_M.length - 1 || j < 0 || j >= stations.length - 1) return false;
        const outer = CONTOURS_M[band + 1]!;
        const middle = (stations[j]! + stations[j + 1]!) / 2;
        const needed = band === 0 ? 215 : outer - 12; // the floor is built up only in the middle of a town
        const open = valley.inside(valley.toPlan(middle, k, (side * (outer + CONTOURS_M[band]!)) / 2), 20);
        return open && Math.min(valley.townReach(stations[j]!, k), valley.townReach(stations[j + 1]!, k)) > needed;
      };
      for (let j = 0; j < stations.length - 1; j++)
        for (let band = 0; band < CONTOURS_M.length - 1; band++)
          if (has(band, j)) {
            const along = [stations[j]!, stations[j + 1]!] as const;
            blocks.push({
              valley: k,
              side,
              across: [CONTOURS_M[band]!, CONTOURS_M[band + 1]!],
              along,
              density: valley.density((along[0] + along[1]) / 2, k),
            });
          }
      // contour streets, in runs as long as blocks lie beside them
      for (let i = 0; i < CONTOURS_M.length; i++) {
        const road = i === 1; // the valley road goes on through the country, on one side only
        const always = road && side === 1;
        const runs = collectRuns(stations.length - 1, (j) => always || has(i, j) || has(i - 1, j));
        for (const [from, to] of runs) {
          const points = contourPoints(valley, k, side * CONTOURS_M[i]!, stations.slice(from, to + 1));
          for (const part of clip(valley, points)) drawing.lines.push({ points: part, tags: contourTags(i, always, k, random) });
        }
      }
      // cross streets
      for (let j = 0; j < stations.length; j++)
        for (const [from, to] of collectRuns(CONTOURS_M.length - 1, (band) => has(band, j) || has(band, j - 1))) {
          if (passes.includes(stations[j]!)) continue;
          const points = CONTOURS_M.slice(from, to + 1).map((across) => valley.toPlan(stations[j]!, k, side * across));
          for (const part of clip(valley, points))
            drawing.lines.push({ points: part, tags: { highway: "residential", surface: "asphalt", sidewalk: "both" } });
        }
    }
  }
  drawPasses(valley, drawing, passes);
  drawTracks(valley, drawing, random);
  return { blocks, passes };
}

/** Along-valley positions of cross streets: 80 to 125 m apart, the roads over the ridges among them. */
function crossStations(random: Random, passes: readonly number[]): number[] {
  const stations: number[] = [];
  for (let s = -REACH_M; s <= REACH_M; s += random.uniform(84, 122)) if (passes.every((p) => Math.abs(p - s) > 55)) stations.push(s);
  return [...stations, ...passes].sort((a, b) => a - b);
}

function collectRuns(count: number, has: (index: number) => boolean): [number, number][] {
  const runs: [number, number][] = [];
  for (let i = 0; i < count; i++)
    if (has(i)) {
      const last = runs[runs.length - 1];
      if (last && last[1] === i) last[1] = i + 1;
      else runs.push([i, i + 1]);
    }
  return runs;
}

function contourPoints(valley: Valley, k: number, e: number, stations: number[]): XY[] {
  const points: XY[] = [];
  for (let j = 0; j < stations.length; j++) {
    points.push(valley.toPlan(stations[j]!, k, e));
    if (j === stations.length - 1) break;
    const steps = Math.max(1, Math.round((stations[j + 1]! - stations[j]!) / 20));
    for (let step = 1; step < steps; step++) points.push(valley.toPlan(stations[j]! + ((stations[j + 1]! - stations[j]!) * step) / steps, k, e));
  }
  return points;
}

function contourTags(contour: number, always: boolean, valley: number, random: Random): Tags {
  if (contour === 1 && always)
    return valley === 0
      ? { highway: "primary", lanes: "2", width: "9", surface: "asphalt", sidewalk: "both" }
      : { highway: "secondary", surface: "asphalt", sidewalk: "both" };
  if (contour === 0) return { highway: "pedestrian", surface: "paving_stones", width: "5" };
  return contour === 1
    ? { highway: "tertiary", surface: "asphalt" }
    : { highway: random.chance(0.8) ? "residential" : "living_street", surface: "asphalt", sidewalk: "both" };
}

/** Roads straight across all valleys, with a bridge over each stream. */
function drawPasses(valley: Valley, drawing: Drawing, passes: readonly number[]): void {
  for (const s of passes) {
    const tags: Tags = { highway: "tertiary", surface: "asphalt", width: "7" };
    let road: XY[] = [];
    const flush = (more: Tags) => {
      for (const part of clip(valley, road)) drawing.lines.push({ points: part, tags: { ...tags, ...more } });
      road = road.slice(-1);
    };
    for (const k of VALLEYS) {
      const bank = valley.streamHalfWidth(k) + 5;
      const marks = [-VALLEY_PITCH_M / 2, ...[...CONTOURS_M].reverse().map((a) => -a), -bank];
      for (const e of marks) road.push(valley.toPlan(s, k, e));
      flush({});
      road.push(valley.toPlan(s, k, bank));
      flush({ bridge: "yes", layer: "1" });
      for (const e of [...CONTOURS_M, VALLEY_PITCH_M / 2]) road.push(valley.toPlan(s, k, e));
    }
    flush({});
  }
}

function drawTracks(valley: Valley, drawing: Drawing, random: Random): void {
  for (const k of VALLEYS)
    for (const side of [1, -1])
      for (let s = -REACH_M; s < REACH_M; s += random.uniform(300, 420)) {
        if (valley.townReach(s, k) > 60) continue;
        const points: XY[] = [];
        for (let e = 85; e < VALLEY_PITCH_M / 2 - 20; e += 30) points.push(valley.toPlan(s + 40 * Math.sin(e / 70), k, side * e));
        for (const part of clip(valley, points)) drawing.lines.push({ points: part, tags: { highway: "track", surface: "gravel", width: "3.5" } });
      }
}

/** The parts of a line inside the land. */
export function clip(valley: Valley, points: readonly XY[]): XY[][] {
  const parts: XY[][] = [];
  let part: XY[] = [];
  for (const p of points)
    if (valley.inside(p, 5)) part.push(p);
    else {
      if (part.length > 1) parts.push(part);
      part = [];
    }
  if (part.length > 1) parts.push(part);
  return parts;
}
