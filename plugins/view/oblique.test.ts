import { describe, expect, test } from "bun:test";
import { obliquePicture, topPicture } from "./oblique";
import type { Voxels } from "./voxels";

/** A grey floor of 20 × 12 cells; a red cell in its north-east, a blue one in its north-west, and a green tower of 5 in the south-west. */
const cells: [number, number, number, number[]][] = Array.from({ length: 240 }, (_, i) => [i % 20, Math.floor(i / 20), 0, [128, 128, 128]]);
cells.push([19, 11, 1, [255, 0, 0]], [0, 11, 1, [0, 0, 255]]);
for (let z = 1; z <= 5; z++) cells.push([0, 0, z, [0, 255, 0]]);
const voxels: Voxels = {
  coords: Int16Array.from(cells.flatMap((cell) => cell.slice(0, 3) as number[])),
  rgb: Uint8Array.from(cells.flatMap(([, , , rgb]) => rgb)),
  voxel_m: 2,
  corner_m: [100, 200, 30],
};

type Test = (r: number, g: number, b: number) => boolean;
const red: Test = (r, g, b) => r > 60 && g < 30 && b < 30;
const green: Test = (r, g, b) => g > 60 && r < 30 && b < 30;
const blue: Test = (r, g, b) => b > 60 && r < 30 && g < 30;

/** Where pixels of a colour lie: mean column and row, and the rows' range. */
function where({ width, rgb }: { width: number; rgb: Uint8Array }, is: Test) {
  const hits: [number, number][] = [];
  for (let i = 0; i < rgb.length / 3; i++) if (is(rgb[3 * i]!, rgb[3 * i + 1]!, rgb[3 * i + 2]!)) hits.push([i % width, Math.floor(i / width)]);
  const rows = hits.map(([, row]) => row);
  return {
    column: hits.reduce((sum, [x]) => sum + x, 0) / hits.length,
    row: rows.reduce((a, b) => a + b, 0) / rows.length,
    top: Math.min(...rows),
    bottom: Math.max(...rows),
    count: hits.length,
  };
}

describe("oblique picture", () => {
  test("looking north: west is left, north is up, and a tower has its height times cos(pitch)", () => {
    const pitch = 35;
    const picture = obliquePicture(voxels, { pixels: 600, heading_deg: 0, pitch_deg: pitch });
    const [r, g, b] = [where(picture, red), where(picture, green), where(picture, blue)];
    expect(b.column).toBeLessThan(r.column);
    expect(r.row).toBeLessThan(g.bottom);
    // 40 m of floor fill the width less two margins of 3 %; the tower stands 5 cells of 2 m, and its roof is 2 m deep
    const scale = (600 * (1 / 1.06)) / 40;
    const expected = scale * (10 * Math.cos((pitch * Math.PI) / 180) + 2 * Math.sin((pitch * Math.PI) / 180));
    expect(Math.abs(g.bottom - g.top + 1 - expected)).toBeLessThan(3);
  });

  test("looking east: north is left and what lies west is near", () => {
    const picture = obliquePicture(voxels, { pixels: 400, heading_deg: 90 });
    const [r, g, b] = [where(picture, red), where(picture, green), where(picture, blue)];
    expect(b.column).toBeLessThan(g.column);
    expect(r.row).toBeLessThan(b.row);
  });

  test("from straight above it is the map: every column counts once", () => {
    const picture = obliquePicture(voxels, { pixels: 424, heading_deg: 0, pitch_deg: 90 });
    const cell = (400 / 20) ** 2;
    expect(where(picture, red).count / cell).toBeCloseTo(1, 0);
    const top = topPicture(voxels, 40);
    expect([top.width, top.height]).toEqual([40, 24]);
    expect(where(top, red)).toMatchObject({ column: 38.5, row: 0.5, count: 4 });
    expect(where(top, green)).toMatchObject({ column: 0.5, row: 22.5, count: 4 });
    const framed = topPicture(voxels, 88, [22, 15]);
    const blue4 = where(framed, blue);
    expect([framed.width, framed.height]).toEqual([88, 60]);
    // Three rows of nothing lie north of it, two columns east.
    expect([blue4.column, blue4.top, blue4.bottom]).toEqual([1.5, 12, 15]);
  });

  test("a roof hides what lies behind it", () => {
    const wall = Array.from({ length: 20 * 9 }, (_, i): [number, number, number] => [i % 20, 5, 1 + Math.floor(i / 20)]);
    const hidden: Voxels = {
      ...voxels,
      coords: Int16Array.from([...wall.flat(), ...voxels.coords]),
      rgb: Uint8Array.from([...wall.flatMap(() => [90, 90, 90]), ...voxels.rgb]),
    };
    expect(where(obliquePicture(hidden, { pixels: 300, heading_deg: 0, pitch_deg: 20 }), red).count).toBe(0);
  });
});
