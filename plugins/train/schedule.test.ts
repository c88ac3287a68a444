import { describe, expect, test } from "bun:test";
import { learningRate, lrSchedule } from "./schedule";

describe("learningRate", () => {
  test("the paper's default: warm-up, then a polynomial to 1e-6", () => {
    const schedule = lrSchedule.parse({});
    expect(learningRate(schedule, 499, 200_000)).toBeCloseTo((500 / 1001) * 1e-4, 12);
    expect(learningRate(schedule, 1000, 200_000)).toBeCloseTo(1e-4, 12);
    expect(learningRate(schedule, 1000 + 199_000 / 2, 200_000)).toBeCloseTo(1e-6 + (1e-4 - 1e-6) * 0.5 ** 0.9, 12);
    expect(learningRate(schedule, 200_000, 200_000)).toBeCloseTo(1e-6, 12);
  });

  test("power 1 falls in a line", () => {
    const schedule = lrSchedule.parse({ peak: 2e-3, end: 2e-5, power: 1, warmup: 0 });
    expect(learningRate(schedule, 250, 1000)).toBeCloseTo(2e-3 - (2e-3 - 2e-5) / 4, 12);
  });

  test("a run shorter than its warm-up is possible", () => {
    expect(learningRate(lrSchedule.parse({}), 3, 4)).toBeGreaterThan(0);
  });
});
