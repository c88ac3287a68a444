/**
 * The land of the sample place: parallel valleys with a stream on each floor, towns on the lower slopes and ridges between them.
 *
 * Everything is drawn in valley coordinates: s runs along the valleys, k numbers them, e is the signed distance across from valley k's stream (|e| = `across`). Plan coordinates x, y are metres east and north of
 * the centre on the map grid. Land cover follows height (fields on the floor, streets above them, woods on top): otherwise a map would say nothing about height and no model could learn one from the other.
 */
import { Random, smoothNoise } from "../noise";

export type XY = readonly [number, number];

/** Distance between two streams, and how far across a valley town blocks reach at most, metres. */
export const VALLEY_PITCH_M = 740;
const FLOOR_M = 60;
const SLOPE = 0.15;

/** Lines along which streets follow the contours, metres across from the stream: a promenade, the valley road, then one street a step. */
export const CONTOURS_M = [24, 85, 152, 219, 286] as const;

interface Town {
  s: number;
  valley: number;
  half_m: number;
  density: number;
}

export interface Lake {
  s: number;
  valley: number;
  e: number;
  along_m: number;
  across_m: number;
}

export class Valley {
  readonly towns: readonly Town[];
  readonly lakes: readonly Lake[];
  private readonly turn: number;
  private readonly phases: readonly [number, number];

  constructor(
    readonly seed: number,
    /** The land reaches this far from the centre in x and y. */
    readonly half_m: number,
  ) {
    const random = new Random(seed, 1);
    this.turn = (random.uniform(18, 32) * Math.PI) / 180;
    this.phases = [random.uniform(0, 2 * Math.PI), random.uniform(0, 2 * Math.PI)];
    const towns: Town[] = [];
    const lakes: Lake[] = [];
    for (let valley = -2; valley <= 2; valley++) {
      const start = random.uniform(-2000, -1500);
      for (let s = start; s < 2000; s += random.uniform(620, 740)) {
        const town = { s, valley, half_m: random.uniform(280, 350), density: random.uniform(0.75, 1) };
        towns.push(town);
        if (random.chance(0.45)) {
          const along_m = random.uniform(50, 85);
          lakes.push({ s: s + town.half_m + along_m + 15, valley, e: random.uniform(-6, 6), along_m, across_m: random.uniform(24, 40) });
        }
      }
    }
    this.towns = towns;
    this.lakes = lakes;
  }

  /** Half the width of a valley's stream: a river in the middle, brooks beside it. */
  streamHalfWidth(valley: number): number {
    return valley === 0 ? 8 : 3.5;
  }

  private meander(s: number): number {
    return 60 * Math.sin((2 * Math.PI * s) / 1300 + this.phases[0]) + 25 * Math.sin((2 * Math.PI * s) / 520 + this.phases[1]);
  }

  toPlan(s: number, valley: number, e: number): XY {
    const t = this.meander(s) + valley * VALLEY_PITCH_M + e;
    const [c, n] = [Math.cos(this.turn), Math.sin(this.turn)];
    return [s * c - t * n, s * n + t * c];
  }

  fromPlan([x, y]: XY): { s: number; valley: number; e: number } {
    const [c, n] = [Math.cos(this.turn), Math.sin(this.turn)];
    const s = x * c + y * n;
    const d = y * c - x * n - this.meander(s);
    const valley = Math.round(d / VALLEY_PITCH_M);
    return { s, valley, e: d - valley * VALLEY_PITCH_M };
  }

  /** Metres above the valley floor without the noise, `across` from the stream: flat, then a slope, then a rounded ridge. */
  private rise(across: number): number {
    const ramp = (from: number, to: number, at: number) => {
      const u = Math.min(1, Math.max(0, (at - from) / (to - from)));
      return (to - from) * (u * u * u - (u * u * u * u) / 2) + Math.max(0, at - to); // the integral of smoothstep
    };
    return SLOPE * (ramp(FLOOR_M - 10, FLOOR_M + 60, across) - ramp(290, VALLEY_PITCH_M / 2, across)) + 0.012 * across;
  }

  /** Metres above the floor of one's own valley, which is what land cover goes by. */
  aboveFloor(point: XY): number {
    const { s, e } = this.fromPlan(point);
    return this.rise(Math.abs(e)) * (1 + 0.15 * smoothNoise(s, 7 * e, 600, this.seed + 11)) + this.roughness(point, Math.abs(e));
  }

  private roughness([x, y]: XY, across: number): number {
    const rough =
      5 * smoothNoise(x, y, 220, this.seed + 12) + 2 * smoothNoise(x, y, 90, this.seed + 13) + 0.7 * smoothNoise(x, y, 35, this.seed + 14);
    return rough * Math.min(1, Math.max(0.06, (across - 40) / 120)); // the floor is level
  }

  /** Height of a valley's floor, falling along the valley; neighbouring valleys differ little. */
  private floorHeight(s: number): number {
    return 440 - 0.006 * s + 2 * Math.sin((2 * Math.PI * s) / 1700 + this.phases[1]);
  }

  /** Height of the bare ground above sea level, metres: what the terrain model holds. Streams and lakes lie in their beds. */
  ground(point: XY): number {
    const { s, valley, e } = this.fromPlan(point);
    const lake = this.lakeAt(s, valley, e);
    if (lake !== undefined) return this.floorHeight(lake.s) - 1.2;
    const bank = Math.abs(e) - this.streamHalfWidth(valley);
    const bed = 1.6 * Math.min(1, Math.max(0, 1 - bank / 5));
    return this.floorHeight(s) + this.aboveFloor(point) - bed;
  }

  private lakeAt(s: number, valley: number, e: number): Lake | undefined {
    return this.lakes.find((l) => l.valley === valley && ((s - l.s) / l.along_m) ** 2 + ((e - l.e) / l.across_m) ** 2 < 1);
  }

  /** How urban the valley is at s: 0 in the country, up to 1 in the middle of a town. */
  density(s: number, valley: number): number {
    let best = 0;
    for (const t of this.towns) if (t.valley === valley) best = Math.max(best, t.density * (1 - ((s - t.s) / t.half_m) ** 2));
    return best;
  }

  /** How far across the town reaches at s, metres from the stream (0 without a town). */
  townReach(s: number, valley: number): number {
    const density = this.density(s, valley);
    return density <= 0 ? 0 : 100 + 185 * Math.sqrt(density);
  }

  inside([x, y]: XY, margin_m = 0): boolean {
    return Math.abs(x) < this.half_m - margin_m && Math.abs(y) < this.half_m - margin_m;
  }
}
