import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ledger } from "./ledger";
import { type CropResult, Results } from "./results";
import { evenly } from "./setting";
import { differencesOf, figure, verdict } from "./words";

const crops: CropResult[] = [
  { id: "a.0", site: "a", values: { right: [0.5, 0.7], wrong: [0.1, 0.2], none: [] } },
  { id: "a.1", site: "a", values: { right: [0.4, 0.6], wrong: [0.2, 0.1], lift: [Number.NaN] } },
  { id: "b.0", site: "b", values: { right: [0.9, 0.5], wrong: [0.3, 0.4], lift: [3] } },
  { id: "b.1", site: "b", values: { right: [0.3, 0.3], wrong: [0.1, 0.1], lift: [5] } },
];
const results = () => new Results(crops, { seed: 1, resamples: 1000 });

describe("results", () => {
  test("a mean and a difference leave themselves, their interval and every site's own among the metrics", () => {
    const all = results();
    all.mean("right");
    const gap = all.difference("right_minus_wrong", "right", "wrong");
    expect(gap.mean).toBeCloseTo((0.45 + 0.35 + 0.35 + 0.2) / 4, 12);
    expect(all.metrics.right).toBeCloseTo(0.525, 12);
    expect(Object.keys(all.metrics).sort()).toEqual(
      [
        ...["", "_high", "_low", "_site_a", "_site_b"].map((end) => `right_minus_wrong${end}`),
        ...["", "_high", "_low"].map((end) => `right${end}`),
      ].sort(),
    );
    expect(all.metrics.right_minus_wrong_site_a).toBeCloseTo(0.4, 12);
    expect(all.metrics.right_minus_wrong_low).toBeGreaterThan(0.2);
  });

  test("crops without a number are left out, and what nobody measured leaves no metric", () => {
    const all = results();
    expect(all.mean("lift")).toMatchObject({ mean: 4, crops: 2 });
    expect([all.has("lift"), all.has("none"), all.has("unheard")]).toEqual([true, false, false]);
    all.mean("unheard");
    expect(all.metrics).not.toHaveProperty("unheard");
  });

  test("a table of differences has the measured ones only, with each site beside", () => {
    const { tables, intervals } = differencesOf(results(), { title: "gaps", unit: "IoU", sentence: (found) => `${found.size} found` }, [
      { name: "gap", label: "right − wrong", of: "right", over: "wrong" },
      { name: "other", label: "right − unheard", of: "right", over: "unheard" },
    ]);
    expect(tables[0]!.sentence).toBe("1 found");
    expect(tables[0]!.columns).toEqual(["difference (IoU)", "mean", "95 % interval", "site a", "site b"]);
    expect(tables[0]!.rows.map((row) => [row[0], row[1], row[3], row[4]])).toEqual([["right − wrong", "0.337", "0.400", "0.275"]]);
    expect(intervals[0]!.rows[0]!.points!.map((point) => point.toFixed(3))).toEqual(["0.400", "0.275"]);
  });

  test("in words", () => {
    const estimate = { mean: -0.5, low: -0.75, high: -0.25, sites: { a: -0.1, b: -0.9 }, crops: 18 };
    expect(figure(estimate, 2)).toBe("−0.50 [−0.75, −0.25]");
    expect(figure({ ...estimate, low: Number.NaN }, 1)).toBe("−0.5");
    expect(verdict(estimate)).toBe("is clearly below 0");
    expect(verdict({ ...estimate, sites: { a: 0.1, b: -1.1 } })).toBe("is clearly below 0, but not on every site");
    expect(verdict({ ...estimate, high: 0.1 })).toBe("cannot be told from 0");
    expect(verdict({ ...estimate, crops: 4 })).toBe("is −0.500 on 4 crops, too few to be sure");
  });
});

describe("the ledger", () => {
  const dir = mkdtempSync(join(tmpdir(), "earthcraft-ledger-"));
  afterAll(() => rmSync(dir, { recursive: true }));

  test("gives back what was written, numbers that are none included", () => {
    const ledger = new Ledger(dir);
    expect(ledger.read("a.1")).toBeUndefined();
    ledger.write(crops[1]!);
    expect(new Ledger(dir).read("a.1")).toEqual(crops[1]!);
    expect(existsSync(join(dir, "a.1.json"))).toBe(true);
  });
});

test("crops are chosen at even distances", () => {
  const ids = Array.from({ length: 18 }, (_, i) => `c${i}`);
  expect(evenly(ids, 4)).toEqual(["c2", "c6", "c11", "c15"]);
  expect(evenly(ids, "all")).toEqual(ids);
  expect(evenly(ids, 40)).toEqual(ids);
});
