/** Roofs over footprints: flat for any shape; gabled, hipped and pyramidal over four-sided ones (Simple 3D Buildings of OpenStreetMap). */
import type { XY } from "./canvas";

export type RoofShape = "flat" | "gabled" | "hipped" | "pyramidal";

export interface Roof {
  shape: RoofShape;
  /** Height of the roof's body above the eaves, metres; 0 when flat. */
  rise_m: number;
}

const SMALL_M2 = 220;
const HOUSES = new Set([
  "house",
  "detached",
  "semidetached_house",
  "terrace",
  "bungalow",
  "farm",
  "hut",
  "cabin",
  "barn",
  "residential",
  "church",
  "chapel",
]);

/** As tagged, else by use and size: small four-sided houses have gables, the rest is flat. */
export function chooseRoof(ring: readonly XY[], holes: number, height_m: number, tags: Readonly<Record<string, string>>): Roof {
  if (ring.length !== 4 || holes > 0) return { shape: "flat", rise_m: 0 };
  const tagged = tags["roof:shape"];
  const area = ringArea(ring);
  const house = HOUSES.has(tags.building ?? "") || (tags.building === "yes" && area < SMALL_M2 && height_m < 12);
  const shape: RoofShape =
    tagged === "gabled" || tagged === "hipped" || tagged === "pyramidal" || tagged === "flat"
      ? tagged
      : tagged === "half-hipped" || tagged === "mansard" || tagged === "gambrel"
        ? "hipped"
        : tagged === undefined && house
          ? "gabled"
          : "flat";
  if (shape === "flat") return { shape, rise_m: 0 };
  const [a, b, c] = [ring[0]!, ring[1]!, ring[2]!];
  const width = Math.min(Math.hypot(b[0] - a[0], b[1] - a[1]), Math.hypot(c[0] - b[0], c[1] - b[1]));
  const given = Number.parseFloat(tags["roof:height"] ?? "");
  const rise_m = given > 0 ? given : 0.38 * width;
  return { shape, rise_m: Math.min(rise_m, 0.5 * height_m) };
}

export function ringArea(ring: readonly XY[]): number {
  let sum = 0;
  for (let i = 0; i < ring.length; i++) {
    const [a, b] = [ring[i]!, ring[(i + 1) % ring.length]!];
    sum += a[0] * b[1] - b[0] * a[1];
  }
  return sum / 2;
}

/** Faces of a pitched roof as polygons of points (x, y, metres above the eaves), counter-clockwise from outside; gables are vertical. */
export function pitchedFaces(ring: readonly XY[], { shape, rise_m }: Roof): { points: [number, number, number][]; gable: boolean }[] {
  let [p, q, r, s] = ring as [XY, XY, XY, XY];
  if (Math.hypot(q[0] - p[0], q[1] - p[1]) < Math.hypot(r[0] - q[0], r[1] - q[1])) [p, q, r, s] = [q, r, s, p]; // p–q and r–s are the long sides
  const eaves = (a: XY): [number, number, number] => [a[0], a[1], 0];
  const between = (a: XY, b: XY, t: number): XY => [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t];
  const [endA, endB] = [between(s, p, 0.5), between(q, r, 0.5)]; // middles of the short sides
  const long = Math.hypot(endB[0] - endA[0], endB[1] - endA[1]) || 1;
  const short = Math.hypot(q[0] - r[0], q[1] - r[1]);
  const inset = shape === "gabled" ? 0 : shape === "hipped" ? Math.min(0.45, (0.5 * short) / long) : 0.5;
  const ridge = (t: number): [number, number, number] => [...between(endA, endB, t), rise_m];
  const [m, n] = [ridge(inset), ridge(1 - inset)];
  if (shape === "pyramidal")
    return [
      [p, q],
      [q, r],
      [r, s],
      [s, p],
    ].map(([a, b]) => ({ points: [eaves(a!), eaves(b!), m], gable: false }));
  return [
    { points: [eaves(p), eaves(q), n, m], gable: false },
    { points: [eaves(r), eaves(s), m, n], gable: false },
    { points: [eaves(q), eaves(r), n], gable: shape === "gabled" },
    { points: [eaves(s), eaves(p), m], gable: shape === "gabled" },
  ];
}
