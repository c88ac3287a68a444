import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { structureOptions } from "../options";
import { bestLimit, LIMIT_FILE, withTau } from "./limit";

const dir = mkdtempSync(join(tmpdir(), "earthcraft-limit-"));
afterAll(() => rmSync(dir, { recursive: true }));

test("the limit is the one nearest to the paper's of those that do as well as the best", () => {
  const taus = [0.1, 0.2, 0.3, 0.4];
  // A clear best, whatever the scenes.
  expect(
    bestLimit(taus, [
      [0.4, 0.6, 0.5, 0.4],
      [0.5, 0.7, 0.6, 0.5],
    ]),
  ).toBe(0.2);
  // .2 is best in the mean, by less than the scenes differ about it; .4 is worse in every one.
  expect(
    bestLimit(taus, [
      [0.4, 0.62, 0.6, 0.5],
      [0.5, 0.69, 0.7, 0.6],
      [0.5, 0.62, 0.61, 0.5],
    ]),
  ).toBe(0.3);
  // A flat curve says nothing: the paper's; one scene can only be followed.
  expect(
    bestLimit(
      [0.05, 0.25, 0.5],
      [
        [0.5, 0.5, 0.5],
        [0.4, 0.4, 0.4],
      ],
    ),
  ).toBe(0.25);
  expect(bestLimit(taus, [[0.4, 0.6, 0.5, 0.4]])).toBe(0.2);
  expect(() => bestLimit([], [])).toThrow("no τ");
});

describe("the limit of a stage", () => {
  const input = { id: "tune-refinement", dir, items: [], metrics: {}, dirOf: () => dir };
  writeFileSync(join(dir, LIMIT_FILE), JSON.stringify({ version: 1, tau: 0.15, from: "tuning", crops: 9, curve: [{ tau: 0.15, iou3: 0.5 }] }));

  test("is the recipe's number, whatever was chosen", () => {
    expect(withTau(structureOptions.parse({ tau: 0.25 }), { inputs: { "tune-refinement": input } }, 0.2).tau).toBe(0.25);
    expect(withTau(structureOptions.parse({}), { inputs: {} }, 0.2).tau).toBe(0.3);
  });

  test("auto is what was chosen, else what LatentSFM was trained with", () => {
    const auto = structureOptions.parse({ tau: "auto" });
    expect(withTau(auto, { inputs: { "tune-refinement": input } }, 0.2).tau).toBe(0.15);
    expect(withTau(auto, { inputs: {} }, 0.2)).toMatchObject({ tau: 0.2, voxelCap: 250_000 });
  });
});
