import { describe, expect, test } from "bun:test";
import { classId } from "../../earth/api";
import { Canvas } from "./canvas";
import { area, line, ORIGIN, plain } from "./plain.fixture";
import { paintPlan, planShares } from "./plan";
import { siteFeatures } from "./site-features";

function planOf(features: Parameters<typeof plain>[0]) {
  const { map, rules } = plain(features);
  return paintPlan(siteFeatures(map, ORIGIN, 300), rules, new Canvas(300, 2));
}

describe("unnamed ground at the sea", () => {
  // Drawn from west to east with the land on its left, in the north; a mole of 14 m reaches 120 m into the water.
  const coast: [number, number][] = [
    [-1000, 0],
    [50, 0],
    [50, -120],
    [64, -120],
    [64, 0],
    [1000, 0],
  ];
  const { canvas, byDefault } = planOf({ lines: [line(coast, { natural: "coastline" })] });
  const at = (x: number, y: number) => canvas.classes[canvas.indexAt(x, y)];

  test("is paved on a mole, and stays what it is behind a straight shore", () => {
    expect(at(57, -70)).toBe(classId("Pavement"));
    expect(byDefault[canvas.indexAt(57, -70)]).toBe(1); // nobody named it
    for (const y of [3, 15, 100]) expect(at(-150, y)).toBe(classId("Grassland"));
    for (const x of [45, 69, -150]) expect(at(x, -70)).toBe(classId("Water"));
  });

  test("what the map names keeps its name", () => {
    const beach = area([[48, -122], [66, -122], [66, -40], [48, -40]], { natural: "beach" }); // biome-ignore format: one line
    const named = planOf({ lines: [line(coast, { natural: "coastline" })], areas: [beach] }).canvas;
    expect(named.classes[named.indexAt(57, -70)]).toBe(classId("Bare Land"));
  });
});

test("shares of a plan: buildings count as such, ground under them not as unnamed", () => {
  const house = area([[0, 0], [60, 0], [60, 60], [0, 60]], { building: "yes" }); // biome-ignore format: one line
  const field = area([[-300, -300], [0, -300], [0, 300], [-300, 300]], { landuse: "farmland" }); // biome-ignore format: one line
  const { class_share, default_share } = planShares(planOf({ areas: [house, field] }));
  expect(class_share[classId("Building")]).toBeCloseTo(0.01, 3);
  expect(class_share[classId("Agriculture Field")]).toBeCloseTo(0.5, 2);
  expect(default_share).toBeCloseTo(0.49, 2);
});
