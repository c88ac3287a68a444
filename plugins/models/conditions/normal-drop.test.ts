import { describe, expect, test } from "bun:test";
import { normalDrop, wallAzimuth } from "./normal-drop";
import type { CondVoxels } from "./voxel-set";

const fixed = (...values: number[]) => ({ uniform: (count: number) => Float32Array.from({ length: count }, (_, i) => values[i % values.length]!) });

/** A house of 9³ cells, turned by `azimuth` in its normals only: roof, four walls. */
function house(azimuth: number): CondVoxels {
  const coords: number[] = [];
  const normals: number[] = [];
  const add = (x: number, y: number, z: number, nx: number, ny: number, nz: number) => {
    coords.push(x, y, z);
    const [c, s] = [Math.cos(azimuth), Math.sin(azimuth)];
    normals.push(c * nx - s * ny, s * nx + c * ny, nz);
  };
  for (let a = 1; a < 8; a++)
    for (let b = 1; b < 8; b++) {
      add(0, a, b, -1, 0, 0);
      add(8, a, b, 1, 0, 0);
      add(a, 0, b, 0, -1, 0);
      add(a, 8, b, 0, 1, 0);
      add(a, b, 9, 0, 0, 1);
    }
  return { coords: Int32Array.from(coords), feats: new Float32Array(coords.length / 3), channels: 1, normals: Float32Array.from(normals) };
}

describe("normalDrop", () => {
  test("finds the direction of the walls, modulo a right angle", () => {
    for (const azimuth of [0, 0.3, -0.6]) expect(wallAzimuth(house(azimuth).normals!)).toBeCloseTo(azimuth, 5);
  });

  test("one whole side goes, the roof and the other three stay", () => {
    // Side 0 with u1 = 0: no turn.
    const left = normalDrop(house(0), fixed(0, 0, 0), { threshold: 0.7, jitter_rad: 0.1 });
    expect(left.coords.length / 3).toBe(4 * 49);
    for (let i = 0; i < left.coords.length; i += 3) expect(left.normals![i]!).toBeLessThanOrEqual(0.7);
    const other = normalDrop(house(0), fixed(0.3, 0, 0), { threshold: 0.7, jitter_rad: 0.1 });
    for (let i = 0; i < other.coords.length; i += 3) expect(other.normals![i + 1]!).toBeLessThanOrEqual(0.7);
  });

  test("a speck inside the dropped side goes with it", () => {
    const speckled = house(0);
    const at = Array.from({ length: speckled.coords.length / 3 }, (_, i) => i).find(
      (i) => speckled.coords[3 * i] === 8 && speckled.coords[3 * i + 1] === 4 && speckled.coords[3 * i + 2] === 4,
    )!;
    speckled.normals!.set([0, 0, 1], 3 * at);
    const left = normalDrop(speckled, fixed(0, 0, 0), { threshold: 0.7, jitter_rad: 0 });
    expect(left.coords.length / 3).toBe(4 * 49);
  });

  test("without normals nothing happens", () => {
    const { normals: _, ...plane } = house(0);
    expect(normalDrop(plane, fixed(0))).toBe(plane);
  });
});
