import { expect, test } from "bun:test";
import { editDistance, nearest, suggestion } from "./suggest";

test("editDistance counts insertions, deletions, replacements and swaps", () => {
  const cases: [string, string, number][] = [
    ["", "abc", 3],
    ["kitten", "sitting", 3],
    ["rnu", "run", 1],
    ["depht", "depth", 1],
    ["same", "same", 0],
  ];
  for (const [a, b, distance] of cases) {
    expect(editDistance(a, b)).toBe(distance);
    expect(editDistance(b, a)).toBe(distance);
  }
});

test("nearest takes the closest, a changed order of words, or a beginning, and no wild guess", () => {
  expect(nearest("depht", ["width", "depth"])).toBe("depth");
  expect(nearest("texvae-train", ["train-texvae", "train-structvae"])).toBe("train-texvae");
  expect(nearest("vox", ["voxelize", "split"])).toBe("voxelize");
  expect(nearest("banana", ["voxelize", "split"])).toBeUndefined();
  expect(suggestion("banana", ["voxelize", "split"])).toBe("known are split, voxelize");
});
