import { describe, expect, test } from "bun:test";
import { levelWater } from "./level-water";

/** A strip of squares along x, each two triangles, with the given heights and classes. */
function strip(heights: number[], classes: number[]) {
  const vertices = Float32Array.from(heights.flatMap((z, i) => [i, 0, z, i, 1, z + 0.1]));
  const faces = Int32Array.from(classes.flatMap((_, i) => [2 * i, 2 * i + 2, 2 * i + 3, 2 * i, 2 * i + 3, 2 * i + 1]));
  return { vertices, faces, faceClass: Uint8Array.from(classes.flatMap((c) => [c, c])) };
}
const heights = (mesh: { vertices: Float32Array }) => Array.from({ length: mesh.vertices.length / 6 }, (_, i) => mesh.vertices[6 * i + 2]!);

describe("levelWater", () => {
  test("a lake takes the mean height of its edge, banks included; land stays", () => {
    const mesh = strip([5, 2, 9, 1, 3, 7], [3, 8, 8, 8, 3]);
    expect(levelWater(mesh, 3)).toBe(1);
    const edge = (2 + 2.1 + 3 + 3.1) / 4;
    for (const [i, z] of [5, edge, edge, edge, edge, 7].entries()) expect(heights(mesh)[i]).toBeCloseTo(z, 5);
  });

  test("two lakes keep two levels; a river down a slope keeps its slope", () => {
    const mesh = strip([0, 1, 1.2, 8, 9, 9.4, 20, 30, 40], [3, 8, 3, 3, 8, 3, 8, 3]);
    expect(levelWater(mesh, 3)).toBe(2);
    const [, a, b, , c, d, e, f] = heights(mesh);
    expect(a).toBeCloseTo(1.15, 5);
    expect(b).toBeCloseTo(1.15, 5);
    expect([c, d].every((z) => Math.abs(z! - 9.25) < 1e-5)).toBe(true);
    expect([e, f]).toEqual([20, 30]);
  });
});
