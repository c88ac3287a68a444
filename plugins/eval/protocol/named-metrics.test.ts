import { expect, test } from "bun:test";
import { defineMetric, type ScoredCrop } from "../../../cli/plugin";
import { NamedMetrics } from "./named-metrics";

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
  const named = new NamedMetrics([size, lag]);
  for (const [condition, drawn] of [
    ["own map", 4],
    ["own map", 8],
    ["own map", 0],
    ["nothing", 0],
  ] as const)
    await named.measure(crop(condition, drawn));
  expect(named.means()).toEqual({ size_own_map: 6, lag_own_map: 6, lag_nothing: 10 });
  expect(named.tables()).toEqual([
    {
      title: "Further measures",
      columns: ["drawn from", "voxels", "missing"],
      rows: [
        ["own map", 6, 6],
        ["nothing", "–", 10],
      ],
    },
  ]);
});

test("no metrics, no table", () => {
  expect(new NamedMetrics([]).tables()).toEqual([]);
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
  const failure = (metric: typeof size) => new NamedMetrics([metric]).measure(crop("nothing", 1));
  expect(failure(broken)).rejects.toThrow("metric broken, crop a.0, drawn from nothing: the metric failed: x is undefined");
  expect(failure(text)).rejects.toThrow('the metric gave "7", not a number');
});
