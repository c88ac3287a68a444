/** What lies outside the towns: streams and lakes, fields on the floor, meadows and vineyards on the slopes, woods above. */
import { Random, smoothNoise } from "../noise";
import { inRing, outlines, signedArea2 } from "./contour";
import { area, type Drawing, type Tags } from "./drawing";
import { type Block, clip } from "./streets";
import { VALLEY_PITCH_M, type Valley, type XY } from "./valley";

const VALLEYS = [-2, -1, 0, 1, 2] as const;
const REACH_M = 1800;
/** Woods begin about this high above the valley floor. */
const TREE_LINE_M = 25;

export function drawCountry(valley: Valley, drawing: Drawing, blocks: readonly Block[]): void {
  const random = new Random(valley.seed, 3);
  drawWater(valley, drawing);
  drawFields(valley, drawing, random, blocks);
  drawWoods(valley, drawing, drawPits(valley, drawing, random));
}

/** A closed strip between two lines across a valley, from s0 to s1, cut where the land ends. */
function strip(valley: Valley, k: number, s0: number, s1: number, e0: number, e1: number): XY[] {
  const steps = Math.max(1, Math.round((s1 - s0) / 25));
  const points: XY[] = [];
  for (let i = 0; i <= steps; i++) points.push(valley.toPlan(s0 + ((s1 - s0) * i) / steps, k, Math.min(e0, e1)));
  for (let i = steps; i >= 0; i--) points.push(valley.toPlan(s0 + ((s1 - s0) * i) / steps, k, Math.max(e0, e1)));
  return points;
}

function drawWater(valley: Valley, drawing: Drawing): void {
  for (const k of VALLEYS) {
    const half = valley.streamHalfWidth(k);
    const line: XY[] = [];
    for (let s = -REACH_M; s <= REACH_M; s += 20) line.push(valley.toPlan(s, k, 0));
    for (const part of clip(valley, line))
      drawing.lines.push({
        points: part,
        tags: k === 0 ? { waterway: "river", width: String(2 * half) } : { waterway: "stream", width: String(2 * half) },
      });
    if (k === 0)
      for (let s = -REACH_M; s < REACH_M; s += 150) {
        const points = strip(valley, k, s, s + 150, -half, half);
        if (points.every((p) => valley.inside(p))) area(drawing, points, { natural: "water", water: "river" });
      }
  }
  for (const lake of valley.lakes) {
    const points = Array.from({ length: 28 }, (_, i) => {
      const angle = (2 * Math.PI * i) / 28;
      return valley.toPlan(lake.s + 0.97 * lake.along_m * Math.cos(angle), lake.valley, lake.e + 0.97 * lake.across_m * Math.sin(angle));
    });
    if (points.every((p) => valley.inside(p))) area(drawing, points, { natural: "water", water: "lake" });
  }
}

const CROPS = ["wheat", "rape", "maize", "barley", "sugar_beet", "fallow"] as const;

function drawFields(valley: Valley, drawing: Drawing, random: Random, blocks: readonly Block[]): void {
  for (const k of VALLEYS)
    for (const side of [1, -1])
      for (const [near, far, floor] of [
        [valley.streamHalfWidth(k) + 9, 79, true],
        [91, 150, false],
        [152, 232, false],
      ] as const)
        for (let s = -REACH_M; s < REACH_M; ) {
          const length = random.uniform(55, 120);
          const kind = floor
            ? random.pick(["field", "meadow"], [4, 1])
            : random.pick(["field", "meadow", "orchard", "vineyard"], near < 100 ? [5, 3, 1.5, 1.5] : [2, 3, 1.5, 2]);
          const points = strip(valley, k, s + 3, s + length - 3, side * near, side * far);
          const open = points.every((p) => valley.inside(p, 2)) && !meetsTown(blocks, k, side, s, s + length, near, far);
          if (open) area(drawing, points, fieldTags(kind, random));
          s += length;
        }
}

/** Does a field from s0 to s1 and from near to far across meet a block of a town? */
function meetsTown(blocks: readonly Block[], k: number, side: number, s0: number, s1: number, near: number, far: number): boolean {
  return blocks.some(
    (b) => b.valley === k && b.side === side && b.along[0] - 8 < s1 && b.along[1] + 8 > s0 && b.across[0] - 6 < far && b.across[1] + 6 > near,
  );
}

function fieldTags(kind: string, random: Random): Tags {
  if (kind === "meadow") return { landuse: "meadow" };
  if (kind === "orchard") return { landuse: "orchard", trees: "apple_trees" };
  if (kind === "vineyard") return { landuse: "vineyard", crop: "grape" };
  return { landuse: "farmland", crop: random.pick(CROPS) };
}

/** Woods cover what lies above the tree line, which wavers by a few metres; quarries in them are holes. */
function drawWoods(valley: Valley, drawing: Drawing, pits: readonly XY[][]): void {
  const step = 12;
  const n = Math.floor((2 * valley.half_m) / step) + 1;
  const start = -valley.half_m;
  const field = new Float64Array(n * n);
  for (let r = 0; r < n; r++)
    for (let c = 0; c < n; c++) {
      const p: XY = [start + c * step, start + r * step];
      const rim = r === 0 || c === 0 || r === n - 1 || c === n - 1;
      const { s, valley: k, e } = valley.fromPlan(p);
      const town = Math.abs(e) < valley.townReach(s, k) + 22;
      field[r * n + c] = rim || town ? -1 : valley.aboveFloor(p) - TREE_LINE_M - 3 * smoothNoise(p[0], p[1], 120, valley.seed + 31);
    }
  const rings = outlines(field, n, (c, r) => [start + c * step, start + r * step]);
  const outer = rings.filter((ring) => signedArea2(ring) > 2 * 900);
  const holes = rings.filter((ring) => signedArea2(ring) < -2 * 400);
  for (const [i, ring] of outer.entries()) {
    const inner = [...holes, ...pits.map((pit) => [...pit].reverse())].filter((hole) => hole.every((p) => inRing(p, ring)));
    area(drawing, ring, { natural: "wood", leaf_type: ["broadleaved", "needleleaved", "mixed"][i % 3]! }, inner);
  }
}

/** Quarries and bare rock on the ridges. */
function drawPits(valley: Valley, drawing: Drawing, random: Random): XY[][] {
  const pits: XY[][] = [];
  for (const k of VALLEYS) {
    for (let s = -1300 + random.uniform(0, 300); s < 1400; s += random.uniform(700, 950)) {
      const e = VALLEY_PITCH_M / 2 - random.uniform(60, 90);
      const [along, across] = [random.uniform(35, 60), random.uniform(25, 40)];
      const points = Array.from({ length: 14 }, (_, i) => {
        const angle = (2 * Math.PI * i) / 14;
        return valley.toPlan(s + along * Math.cos(angle), k, e + across * Math.sin(angle));
      });
      if (!points.every((p) => valley.inside(p, 5))) continue;
      area(drawing, points, random.chance(0.6) ? { landuse: "quarry" } : { natural: "bare_rock" });
      pits.push(points);
    }
  }
  return pits;
}
