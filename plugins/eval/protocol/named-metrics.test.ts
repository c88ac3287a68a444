import { expect, test } from "bun:test";
import { defineMetric, type ScoredCrop } from "../../../cli/plugin";
import { askMetrics, metricTables } from "./named-metrics";
import { type CropResult, Results } from "./results";

const voxels = (count: number) => ({ coords: new Int32Array(3 * count), rgb: new Uint8Array(3 * count) });
const crop = (condition: string, drawn: number): ScoredCrop => ({
  ...{ crop: "a.0", condition, extent: 8, voxel_m: 1, map: new Uint8Array(64) },
  ...{ truth: voxels(10), drawn: voxels(drawn) },
});
/** Voxels drawn; says nothing of an empty scene. */
const size = defineMetric({
  name: "size",
  title: "voxels",
  measure: ({ drawn }) => (drawn.coords.length === 0 ? Number.NaN : drawn.coords.length / 3),
});
const lag = defineMetric({ name: "lag", title: "missing", measure: async ({ truth, drawn }) => (truth.coords.length - drawn.coords.length) / 3 });

test("means go by metric and condition; what has no value is left out", async () => {
  const crops: CropResult[] = [];
  for (const [i, drawn] of [4, 8, 0].entries()) {
    const own = await askMetrics([size, lag], "own_map", crop("own map", drawn));
    const nothing = await askMetrics([size, lag], "nothing", crop("nothing", 0));
    crops.push({ id: `a.${i}`, site: "a", values: Object.fromEntries(Object.entries({ ...own, ...nothing }).map(([key, value]) => [key, [value]])) });
  }
  const results = new Results(crops, { seed: 1, resamples: 100 });
  const [table] = metricTables(results, [size, lag], ["own_map", "nothing"]);
  expect(table!.columns).toEqual(["drawn from", "voxels", "missing"]);
  expect(table!.rows.map(([name]) => name)).toEqual(["own map", "nothing"]);
  expect(table!.rows[0]![1]).toStartWith("6.000");
  expect(table!.rows[1]![1]).toBe("–");
  expect(results.metrics).toMatchObject({ size_own_map: 6, lag_own_map: 6, lag_nothing: 10 });
  expect(results.metrics).not.toHaveProperty("size_nothing");
});

test("no metrics, no table", () => {
  expect(metricTables(new Results([], { seed: 1, resamples: 100 }), [], ["own_map"])).toEqual([]);
});

test("one that fails, or gives no number, is named with the crop", async () => {
  const broken = defineMetric({
    name: "broken",
    title: "",
    measure() {
      throw new TypeError("x is undefined");
    },
  });
  const text = defineMetric({ name: "text", title: "", measure: () => "7" as unknown as number });
  const failure = (metric: typeof size) => askMetrics([metric], "nothing", crop("nothing", 1));
  expect(failure(broken)).rejects.toThrow("metric broken, crop a.0, drawn from nothing: the metric failed: x is undefined");
  expect(failure(text)).rejects.toThrow('the metric gave "7", not a number');
});
