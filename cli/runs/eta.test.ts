import { expect, test } from "bun:test";
import { Eta } from "./eta";

const stages = [
  { id: "data", minutes: 2 },
  { id: "train", minutes: 4 },
  { id: "eval", minutes: 1 },
];
const after = (...ids: string[]) => new Set(ids);

test("before anything is known the recipe's minutes hold", () => {
  const eta = new Eta(stages);
  expect(eta.estimate("data", 0, 0, after("train", "eval"))).toEqual({ stageEta_s: 120, runEta_s: 420 });
  expect(eta.estimate("data", 0, 30, after("train", "eval")).stageEta_s).toBe(90);
});

test("a stage's own progress replaces the hint, and what it says of the machine stretches what waits", () => {
  const eta = new Eta(stages);
  const half = eta.estimate("data", 0.5, 100, after("eval"));
  expect(half.stageEta_s).toBeCloseTo(100, 6);
  expect(half.runEta_s).toBeCloseTo(100 + (60 * (20 + 100)) / (20 + 60), 6);
});

test("a slower machine stretches what is still to come", () => {
  const eta = new Eta(stages);
  eta.finished("data", 400); // 3 times the hint, with the 20 s that the hints are believed for
  expect(eta.estimate("train", 0, 0, after("eval"))).toEqual({ stageEta_s: 720, runEta_s: 900 });
});

test("a first stage of a second says little of one of minutes", () => {
  const eta = new Eta([{ id: "site", minutes: 1 / 60 }, ...stages]);
  eta.finished("site", 5); // five times the hint
  expect(eta.estimate("data", 0, 0, after("train", "eval")).runEta_s).toBeLessThan(1.2 * 420);
});

test("a hint that is used up is no estimate: nothing is told until the stage tells of progress", () => {
  const eta = new Eta(stages);
  expect(eta.estimate("data", 0, 121, after("eval"))).toEqual({});
  expect(eta.estimate("data", 0.05, 200, after("eval")).stageEta_s).toBeCloseTo(3800, 6);
});
