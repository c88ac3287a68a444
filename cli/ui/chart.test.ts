import { describe, expect, test } from "bun:test";
import { lineChart, type Points, short, sparkline } from "./chart";

/** Falls fast, then slowly, with a bump at two thirds: left is not right, up is not down. */
const loss: Points = Array.from({ length: 130 }, (_, i) => [i * 20, 3 * Math.exp(-i / 18) + 0.3 + (i > 80 && i < 92 ? 0.35 : 0)] as const);
const shown = (points: Points, width: number, unicode = true, height = 6) => `\n${lineChart(points, { width, height, unicode }).join("\n")}\n`;

describe("a curve", () => {
  test("in braille", () => expect(shown(loss, 60)).toMatchSnapshot());
  test("in ASCII", () => {
    const drawn = shown(loss, 60, false);
    expect(drawn).toMatchSnapshot();
    expect(/^[\x20-\x7e\n]*$/.test(drawn)).toBe(true);
  });
  test("on a narrow terminal", () => expect(shown(loss, 24)).toMatchSnapshot());
  test("of few points is a line between them", () =>
    expect(
      shown(
        [
          [0, 1],
          [10, 3],
          [15, 2],
        ],
        40,
      ),
    ).toMatchSnapshot());
  test("over decades is drawn by its logarithm: equal factors are equal steps", () => {
    const decades: Points = [
      [0, 1000],
      [1, 100],
      [2, 10],
      [3, 1],
    ];
    const rows = lineChart(decades, { width: 8 + 2 + 4, height: 4, unicode: false }).slice(0, 4);
    const firstStar = rows.map((row) => row.indexOf("*"));
    expect(firstStar).toEqual([...firstStar].sort((a, b) => a - b));
    expect(new Set(firstStar).size).toBe(4);
  });

  test("takes as many columns as it is given, and no more", () => {
    for (const width of [20, 33, 80, 200])
      for (const unicode of [true, false])
        expect(Math.max(...lineChart(loss, { width, height: 5, unicode }).map((line) => Bun.stringWidth(line)))).toBe(width);
  });

  test("that is flat, or hardly there, is no error", () => {
    expect(lineChart([], { width: 40, height: 4, unicode: true })).toEqual([]);
    expect(lineChart([[1, 2]], { width: 40, height: 4, unicode: true })).toEqual([]);
    expect(
      shown(
        [
          [0, 2],
          [5, 2],
        ],
        30,
      ),
    ).toMatchSnapshot();
    expect(
      lineChart(
        [
          [3, 1],
          [3, 2],
        ],
        { width: 30, height: 4, unicode: true },
      ),
    ).toHaveLength(6);
    expect(
      lineChart(
        [
          [0, -5],
          [1, 5],
        ],
        { width: 30, height: 4, unicode: true },
      )[0],
    ).toStartWith("      5");
  });

  test("of a million points is drawn in a moment, each column their mean", () => {
    const noisy: Points = Array.from({ length: 1_000_000 }, (_, i) => [i, i < 500_000 ? (i % 2) * 2 : 5]);
    const lines = lineChart(noisy, { width: 29, height: 5, unicode: false });
    expect(lines[4]).toStartWith("      1 |**********"); // the mean of 0 and 2
    expect(lines[0]).toStartWith("      5 |          *");
  });
});

test("a sparkline rises where the curve rises", () => {
  expect(
    sparkline(
      [
        [0, 1],
        [1, 2],
        [2, 3],
        [3, 8],
      ],
      4,
    ),
  ).toBe("▁▃▅█"); // 1 to 8 is wide enough for the logarithm
  expect(
    sparkline(
      [
        [0, 1],
        [1, 2],
        [2, 3],
        [3, 4],
      ],
      4,
    ),
  ).toBe("▁▃▆█");
  expect(sparkline([[0, 1]], 4)).toBe("");
});

test("numbers beside it are short", () =>
  expect([0.0123456, 45.678, 1234.5, 0, 3, 1.5e-7].map(short)).toEqual(["0.0123", "45.7", "1230", "0", "3", "1.5e-7"]));
