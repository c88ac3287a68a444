import { describe, expect, test } from "bun:test";
import { area, box, line, ORIGIN, plain } from "../scene/plain.fixture";
import { drawPlace } from "./picture";
import { drawText } from "./pixel-font";

const site = { name: "f7", origin: ORIGIN };

/** Mean colour of a square of 20 m round a point. */
function colourAt(picture: NonNullable<ReturnType<typeof drawPlace>>, x: number, y: number): [number, number, number] {
  const { size, pixel_m, rgb } = picture;
  const sum = [0, 0, 0] as [number, number, number];
  const half = Math.round(10 / pixel_m);
  const [column, row] = [Math.floor(size / 2 + x / pixel_m), Math.floor(size / 2 - y / pixel_m)];
  for (let r = row - half; r <= row + half; r++)
    for (let c = column - half; c <= column + half; c++) for (let k = 0; k < 3; k++) sum[k]! += rgb[3 * (r * size + c) + k]! / (2 * half + 1) ** 2;
  return sum;
}

describe("the picture of a place", () => {
  test("an F of water reads as an F, north up and east to the right", () => {
    const strokes = [box(-100, -150, -50, 150), box(-50, 100, 100, 150), box(-50, 0, 0, 50)];
    const picture = drawPlace(plain({ areas: strokes.map((ring) => area(ring, { natural: "water" })) }), [site], 300)!;
    const isWater = ([red, , blue]: readonly number[]) => blue! > red! + 40;
    const seen = Array.from({ length: 8 }, (_, r) =>
      Array.from({ length: 8 }, (_, c) => (isWater(colourAt(picture, 50 * c - 175, 175 - 50 * r)) ? "#" : ".")).join(""),
    );
    expect(seen).toEqual(["........", "..####..", "..#.....", "..##....", "..#.....", "..#.....", "..#.....", "........"]);
  });

  test("footprints, roads and the squares stand where they are", () => {
    const source = plain({
      areas: [area(box(120, 140, 180, 200), { building: "yes" })], // north-east
      lines: [
        line(
          [
            [-250, -300],
            [-250, 300],
          ],
          { highway: "motorway" },
        ),
      ], // in the west
    });
    const picture = drawPlace(source, [site], 300)!;
    const [red, green] = colourAt(picture, 150, 170);
    expect(red).toBeGreaterThan(2 * green);
    expect(Math.max(...colourAt(picture, -250, 0))).toBeLessThan(110);
    const ground = colourAt(picture, 0, 0);
    expect(Math.max(...ground) - Math.min(...ground)).toBeLessThan(3); // grey: nothing names it
    const { size, pixel_m, rgb } = picture;
    expect(size * pixel_m).toBeCloseTo(900, 6); // 600 m and a margin
    const whites = Array.from({ length: size }, (_, c) => rgb[3 * ((size / 2) * size + c)]! === 255).flatMap((white, c) =>
      white ? [c * pixel_m - 450] : [],
    );
    expect(whites.map((x) => Math.round(x / 2) * 2)).toEqual([-300, 300]);
  });

  test("the sun stands in the north-west, voids are no ground", () => {
    // a ridge from the south-west to the north-east
    const ridge = drawPlace(
      plain({}, (x, y) => (x > 200 ? Number.NaN : -0.5 * Math.abs(x - y))),
      [site],
      300,
    )!;
    expect(colourAt(ridge, -100, 50)[0]).toBeGreaterThan(colourAt(ridge, 50, -100)[0] + 60);
    const [red, green] = colourAt(ridge, 260, 0);
    expect(red - green).toBeGreaterThan(20);
  });

  test("two sites: both squares are in it", () => {
    const east = { name: "e", origin: { ...ORIGIN, lon: ORIGIN.lon + 600 / 75_800 } };
    const picture = drawPlace(plain(), [site, east], 300)!;
    expect(picture.size * picture.pixel_m).toBeCloseTo(1500, -1);
    expect(drawPlace(plain(), [])).toBeUndefined();
  });
});

test("letters read from the left, upright", () => {
  const rows = Array.from({ length: 5 }, () => [..."......."]);
  const width = drawText("f7", 1, (x, y) => {
    rows[y]![x] = "#";
  });
  expect(width).toBe(7);
  expect(rows.map((row) => row.join(""))).toEqual(["###.###", "#.....#", "##...#.", "#....#.", "#....#."]);
});
