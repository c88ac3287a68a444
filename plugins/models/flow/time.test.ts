import { describe, expect, test } from "bun:test";
import { samplingTimes, shiftTime, trainingTime } from "./time";

describe("shiftTime", () => {
  test("keeps the ends and equals the paper's 3u / (1 + 2u)", () => {
    expect(shiftTime(0, 3)).toBe(0);
    expect(shiftTime(1, 3)).toBe(1);
    for (const u of [0.1, 0.37, 0.8]) expect(shiftTime(u, 3)).toBeCloseTo((3 * u) / (1 + 2 * u), 15);
  });

  test("shift 1 changes nothing", () => {
    expect(shiftTime(0.3, 1)).toBeCloseTo(0.3, 15);
  });
});

describe("samplingTimes", () => {
  test("25 steps fall from exactly 1 to exactly 0, shifted once", () => {
    const times = samplingTimes(25, 3);
    expect(times).toHaveLength(26);
    expect(times[0]).toBe(1);
    expect(times[25]).toBe(0);
    // diffusers' second shift would put the middle at 0.9, not 0.75.
    expect(samplingTimes(2, 3)[1]).toBeCloseTo(0.75, 15);
    for (let i = 0; i < 25; i++) expect(times[i]!).toBeGreaterThan(times[i + 1]!);
  });

  test("half a step is refused", () => {
    expect(() => samplingTimes(0.5, 3)).toThrow("0.5 steps");
  });
});

describe("trainingTime", () => {
  test("level 1000 is pure noise and level 0 does not exist", () => {
    expect(trainingTime(1000, 3)).toBe(1);
    expect(trainingTime(500, 3)).toBeCloseTo(0.75, 15);
    expect(() => trainingTime(0, 3)).toThrow("level 0");
  });
});
