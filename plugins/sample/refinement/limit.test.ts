import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { structureOptions } from "../options";
import { bestLimit, LIMIT_FILE, withTau } from "./limit";

const dir = mkdtempSync(join(tmpdir(), "earthcraft-limit-"));
afterAll(() => rmSync(dir, { recursive: true }));

test("the best limit is where the curve is highest; of equals the paper's or what is nearest to it", () => {
  const curve = (...points: [number, number][]) => points.map(([tau, iou3]) => ({ tau, iou3 }));
  expect(bestLimit(curve([0.1, 0.4], [0.2, 0.5], [0.3, 0.45]))).toBe(0.2);
  expect(bestLimit(curve([0.05, 0.5], [0.25, 0.5], [0.5, 0.5]))).toBe(0.25);
  expect(() => bestLimit([])).toThrow("no τ");
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
