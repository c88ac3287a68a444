import { describe, expect, test } from "bun:test";
import { classId } from "../../earth/api";
import { area, box, line, ORIGIN, plain } from "../scene/plain.fixture";
import { lengthWithin, surveySite } from "./survey";

const site = { name: "middle", origin: ORIGIN };

describe("lengthWithin", () => {
  const cases: [string, [number, number][], number][] = [
    [
      "inside",
      [
        [-10, 0],
        [20, 40],
      ],
      50,
    ],
    [
      "through, straight",
      [
        [-1000, 100],
        [1000, 100],
      ],
      600,
    ],
    [
      "past a corner",
      [
        [-300, 400],
        [400, -300],
      ],
      500 * Math.SQRT2,
    ], // x + y = 100: from (−200, 300) to (300, −200)
    [
      "beside",
      [
        [-1000, 301],
        [1000, 301],
      ],
      0,
    ],
    [
      "beyond a corner",
      [
        [290, 400],
        [400, 290],
      ],
      0,
    ],
    [
      "out and in again",
      [
        [0, 0],
        [0, 500],
        [100, 500],
        [100, 0],
      ],
      600,
    ],
  ];
  for (const [name, points, length_m] of cases) test(name, () => expect(lengthWithin(points, 300)).toBeCloseTo(length_m, 9));
});

describe("surveySite", () => {
  test("counts roads, buildings by the source of their heights, and the ground that nothing names", () => {
    const source = plain({
      lines: [
        line(
          [
            [-1000, 100],
            [1000, 100],
          ],
          { highway: "residential" },
        ),
        line(
          [
            [-200, -1000],
            [-200, 1000],
          ],
          { highway: "footway" },
        ),
        line(
          [
            [0, 800],
            [10, 800],
          ],
          { highway: "primary" },
        ), // far outside
      ],
      areas: [
        area(box(0, -300, 300, 0), { landuse: "farmland" }), // a quarter of the site
        area(box(100, 200, 120, 230), { building: "yes", height: "12" }),
        area(box(150, 200, 170, 230), { building: "yes", "building:levels": "20" }),
        area(box(200, 200, 220, 230), { building: "house" }),
        area(box(900, 200, 920, 230), { building: "yes" }), // far outside
      ],
    });
    const facts = surveySite(source, site);
    expect(facts).toMatchObject({
      name: "middle",
      covered: 1,
      void: 0,
      roads: 1,
      buildings: { file: 0, height: 1, levels: 1, surface: 0, default: 1 },
    });
    expect(facts.roads_km).toBeCloseTo(0.6, 3);
    expect(facts.paths_km).toBeCloseTo(0.6, 3);
    expect(facts.tallest_m).toBeCloseTo(63, 6); // 20 levels of 3.1 m and a roof
    expect(facts.classes[classId("Agriculture Field")]!).toBeCloseTo(0.25, 2);
    expect(facts.classes[classId("Road")]!).toBeCloseTo(0.01, 2); // 6 of 600 m
    expect(facts.classes[classId("Building")]!).toBeCloseTo((3 * 600) / 360_000, 3);
    // all but the field, the road, the footway (2.5 m, half of it along the field's row) and the houses
    expect(facts.unnamed).toBeCloseTo(1 - 0.25 - 0.01 - 2.5 / 600 - 0.005, 2);
    expect(facts.classes.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 3);
  });

  test("relief is the ground's, not the void's; voids are counted where the elevation reaches", () => {
    const facts = surveySite(
      plain({}, (x) => (x > 150 ? Number.NaN : 0.1 * x)),
      site,
    );
    expect(facts.covered).toBe(1);
    expect(facts.void).toBeCloseTo(0.25, 1);
    expect(facts.relief_m).toBeCloseTo(45, 0);
    const half = surveySite(
      plain({}, () => 1),
      { name: "rim", origin: { ...ORIGIN, lon: ORIGIN.lon + 1000 / 75_800 } }, // 1 km to the east, where the elevation ends
    );
    expect(half.covered).toBeCloseTo(0.5, 1);
    expect(half.void).toBe(0);
  });

  test("dead level ground without a name is counted, in fractions of a metre only", () => {
    const valley = (x: number) => (Math.abs(x) < 60 ? 3.25 : 3.25 + 0.01 * (Math.abs(x) - 60)); // a river 120 m wide
    expect(surveySite(plain({}, valley), site).level).toBeCloseTo(0.2, 1);
    const named = plain({ areas: [area(box(-60, -400, 60, 400), { natural: "water" })] }, valley);
    expect(surveySite(named, site).level).toBeLessThan(0.02);
    expect(
      surveySite(
        plain({}, (x) => Math.round(valley(x))),
        site,
      ).level,
    ).toBe(0);
  });

  test("a site without any height has facts too", () => {
    const facts = surveySite(
      plain({}, () => Number.NaN),
      site,
    );
    expect(facts).toMatchObject({ covered: 1, void: 1, relief_m: 0, unnamed: 1 });
  });
});
