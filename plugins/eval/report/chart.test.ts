import { describe, expect, test } from "bun:test";
import { curveChart, intervalChart, niceTicks } from "./chart";
import { bytes, duration, inColumn, number, onAxis } from "./numbers";

/** Points of the last path of a chart, in its own units. */
function drawn(svg: string): [number, number][] {
  const d = [...svg.matchAll(/<path d="([^"]+)"/g)].at(-1)![1]!;
  return d
    .slice(1)
    .split("L")
    .map((pair) => pair.split(" ").map(Number) as [number, number]);
}

const chart = (points: [number, number][]) => curveChart({ title: "t", x: "step", y: "loss", series: [{ name: "a", points }] }).text;

describe("curves", () => {
  test("a straight line stays straight, upwards is up, and both ends touch the frame", () => {
    const points = drawn(
      chart([
        [0, 1],
        [5, 1.5],
        [10, 2],
      ]),
    );
    expect(points[0]![0]).toBe(56);
    expect(points[2]![0]).toBe(506);
    expect(points[0]![1] - points[1]![1]).toBeCloseTo(points[1]![1] - points[2]![1], 0);
    expect(points[2]![1]).toBeLessThan(points[0]![1]);
  });

  test("over two decades the axis is logarithmic: equal ratios are equal steps", () => {
    const svg = chart([
      [0, 100],
      [1, 10],
      [2, 1],
    ]);
    const [a, b, c] = drawn(svg).map(([, y]) => y);
    expect(b! - a!).toBeCloseTo(c! - b!, 0);
    expect(svg).toContain("(log)");
  });

  test("values that are not finite are passed over, and a chart of none says so", () => {
    expect(
      drawn(
        chart([
          [0, 1],
          [1, Number.NaN],
          [2, 3],
        ]),
      ).length,
    ).toBe(2);
    expect(chart([[0, Number.NaN]])).toContain("nothing recorded yet");
  });

  test("20,000 noisy steps become a small picture with the mean kept", () => {
    const svg = chart(Array.from({ length: 20_000 }, (_, i) => [i, 3 + (i % 2)]));
    expect(svg.length).toBeLessThan(15_000);
    const ticks = [...svg.matchAll(/y="([\d.]+)" text-anchor="end">([\d.]+)</g)].map((match) => [Number(match[1]) - 3.5, Number(match[2])]);
    const [[y0, v0], [y1, v1]] = [ticks[0]!, ticks.at(-1)!] as [[number, number], [number, number]];
    const y = drawn(svg)[150]![1];
    expect(v0 + ((y - y0) / (y1 - y0)) * (v1 - v0)).toBeCloseTo(3.5, 1);
  });

  test("ticks are round numbers inside the range", () => {
    expect(niceTicks(0, 1, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(niceTicks(0.13, 9.7, 5)).toEqual([2, 4, 6, 8]);
    expect(niceTicks(5, 5, 5).length).toBeGreaterThan(0);
  });
});

test("numbers of a column share their decimals, those of an axis have just enough", () => {
  const shares = [27.89, 13.97, 8.459, 1.59, 0.2278, 0.0463, 0.0012];
  expect(shares.map(inColumn(shares))).toEqual(["27.890", "13.970", "8.459", "1.590", "0.228", "0.046", "0.001"]);
  expect([3, 12_000].map(inColumn([3, 12_000]))).toEqual(["3", "12,000"]);
  expect([0.5, 1e-9, Number.NaN].map(inColumn([0.5, 0.25]))).toEqual(["0.50", "1.00e−9", "–"]);
  expect([0, 0.5, 1].map(onAxis([0, 0.5, 1]))).toEqual(["0.0", "0.5", "1.0"]);
  expect([-20, 0].map(onAxis([-20, 0, 20]))).toEqual(["−20", "0"]);
});

test("numbers read well", () => {
  expect([0.94123, 12.3456, 1234567, 0.00001234, -3, 1234.5, Number.NaN].map(number)).toEqual([
    "0.9412",
    "12.35",
    "1,234,567",
    "1.23e−5",
    "−3",
    "1,235",
    "–",
  ]);
  expect([3.21, 61, 600, 7200].map(duration)).toEqual(["3.2 s", "61 s", "10.0 min", "2.0 h"]);
  expect([1.25e9, 42e6, 1].map(bytes)).toEqual(["1.3 GB", "42 MB", "1 MB"]);
});

describe("intervals", () => {
  const svg = intervalChart({
    ...{ title: "gaps", x: "IoU" },
    rows: [
      { name: "right − wrong", value: 0.2, low: 0.1, high: 0.4, points: [0.15, 0.25] },
      { name: "control", value: -0.05, low: -0.1, high: 0.05 },
      { name: "few crops", value: 0.3, low: 0.2, high: 0.4, unsure: true },
      { name: "too few", value: 0.1, low: Number.NaN, high: Number.NaN },
      { name: "unknown", value: Number.NaN, low: Number.NaN, high: Number.NaN },
    ],
  }).text;
  const rows = [...svg.matchAll(/<g class="interval([^"]*)">(.*?)<\/g>/gs)].map((match) => ({ kind: match[1]!, svg: match[2]! }));
  const numbers = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map((match) => Number(match[1]));

  test("lie on one scale: a dot between the ends of its bar in proportion, left of the zero line when negative", () => {
    const zero = numbers(svg, /class="zero" x1="([\d.]+)"/g)[0]!;
    const [from] = numbers(rows[0]!.svg, /x1="([\d.]+)"/g);
    const [to] = numbers(rows[0]!.svg, /x2="([\d.]+)"/g);
    const [first, second, dot] = numbers(rows[0]!.svg, /cx="([\d.]+)"/g);
    expect((dot! - from!) / (to! - from!)).toBeCloseTo(1 / 3, 2);
    expect((first! + second!) / 2).toBeCloseTo(dot!, 0);
    expect((from! - zero) / (to! - zero)).toBeCloseTo(1 / 4, 2);
    expect(numbers(rows[1]!.svg, /cx="([\d.]+)"/g)[0]!).toBeLessThan(zero);
  });

  test("are strong only when they leave 0 out; without an interval there is a dot, without a number no row", () => {
    expect(rows.map(({ kind }) => kind.includes("strong"))).toEqual([true, false, false, false]);
    expect(rows.map(({ svg }) => svg.includes("<line"))).toEqual([true, true, true, false]);
    expect(intervalChart({ title: "none", x: "", rows: [] }).text).toContain("nothing measured");
  });
});
