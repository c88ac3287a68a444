import { expect, test } from "bun:test";
import { annotatingViews } from "./choose-views";

test("all of Top-Pose and the highest of AdaLevel-Pose annotate, Building-Pose does not", () => {
  const frames = [
    { pattern: "top-outer", level: 1 },
    { pattern: "building", level: 0 },
    { pattern: "adalevel", level: 0 },
    { pattern: "adalevel", level: 2 },
    { pattern: "top-inner", level: 0 },
    { pattern: "adalevel", level: 1 },
    { pattern: "adalevel", level: 2 },
  ] as const;
  expect(annotatingViews(frames, 3)).toEqual([0, 3, 4, 5, 6]);
  expect(annotatingViews(frames, 0)).toEqual([0, 4]);
  expect(annotatingViews(frames, 99)).toEqual([0, 2, 3, 4, 5, 6]);
});
