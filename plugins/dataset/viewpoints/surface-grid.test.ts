import { describe, expect, test } from "bun:test";
import { box, plane } from "./mesh.fixture";
import { SurfaceGrid } from "./surface-grid";

const mesh = plane(40, (x, y) => 0.1 * x - 0.2 * y, 3).with(box([-20, 4, -10], [-8, 12, 15], 4));
const surface = SurfaceGrid.fromMesh(mesh, 1);

describe("SurfaceGrid", () => {
  test("x is east and y is north, with the roof above and the ground below", () => {
    expect(surface.topAt(30.5, -10.5)).toBeCloseTo(0.1 * 30.5 + 0.2 * 10.5, 4);
    expect(surface.topAt(-14, 8)).toBeCloseTo(15, 4);
    expect(surface.groundAt(-14, 8)).toBeCloseTo(-10, 4);
    expect([surface.classAt(-14, 8), surface.classAt(14, 8), surface.classAt(-14, -8)]).toEqual([4, 3, 3]);
    expect(surface.topAt(41, 0)).toBeNaN();
  });

  test("the highest within a radius sees the building from beside it only", () => {
    expect(surface.highestWithin(-5, 8, 4)).toBeCloseTo(15, 4);
    expect(surface.highestWithin(5, 8, 4)).toBeLessThan(5);
  });

  test("sight ends at the wall", () => {
    expect(Math.abs(surface.freeSight([0, 8, 5], [-30, 8, 5], 100) - 8)).toBeLessThanOrEqual(0.5); // half a cell
    expect(surface.freeSight([0, 8, 20], [-30, 8, 20], 100)).toBe(100);
  });
});
