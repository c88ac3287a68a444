import { describe, expect, test } from "bun:test";
import { isReflection, symmetryOf, turnCamera, turnCoords, turnMap, turnVectors } from "./symmetry";

const all = Array.from({ length: 8 }, (_, i) => symmetryOf(i));

describe("the symmetries of a square", () => {
  test("8 of them, each a different permutation of the cells", () => {
    const cells = Int32Array.from([0, 0, 0, 1, 0, 0, 0, 1, 0, 3, 2, 5]);
    const images = new Set(all.map((symmetry) => turnCoords(cells, symmetry, 4).join()));
    expect(images.size).toBe(8);
    expect(all.filter(isReflection)).toHaveLength(4);
  });

  test("a map turns as the cells beneath it: an asymmetric letter", () => {
    const extent = 4;
    // An F on the map, row 0 north.
    const map = Uint8Array.from([0, 1, 1, 1, 0, 1, 0, 0, 0, 1, 1, 0, 0, 1, 0, 0]);
    const cells: number[] = [];
    for (let row = 0; row < extent; row++)
      for (let column = 0; column < extent; column++) if (map[row * extent + column]) cells.push(column, extent - 1 - row, 0);
    for (const symmetry of all) {
      const turned = turnCoords(Int32Array.from(cells), symmetry, extent);
      const painted = new Uint8Array(extent ** 2);
      for (let i = 0; i < turned.length; i += 3) painted[(extent - 1 - turned[i + 1]!) * extent + turned[i]!] = 1;
      expect(turnMap(map, symmetry, extent)).toEqual(painted);
    }
  });

  test("a camera sees the turned scene as it saw the scene, mirrored by a reflection", () => {
    const edge = 8;
    // A right-handed camera at (1, 2, 9) with some turn; columns are right, up, back.
    const [c, s] = [Math.cos(0.4), Math.sin(0.4)];
    const c2w = [c, -s * 0.6, s * 0.8, 1, s, c * 0.6, -c * 0.8, 2, 0, 0.8, 0.6, 9, 0, 0, 0, 1];
    const point = [5, 3.5, 2];
    const seen = (matrix: number[], p: number[]) =>
      [0, 1, 2].map((k) => [0, 1, 2].reduce((sum, axis) => sum + matrix[4 * axis + k]! * (p[axis]! - matrix[4 * axis + 3]!), 0));
    const before = seen(c2w, point);
    for (const symmetry of all) {
      let [x, y] = symmetry.transpose ? [point[1]!, point[0]!] : [point[0]!, point[1]!];
      if (symmetry.flipX) x = edge - x;
      if (symmetry.flipY) y = edge - y;
      const turned = turnCamera(c2w, symmetry, edge);
      const after = seen(turned, [x, y, point[2]!]);
      expect(after[0]).toBeCloseTo(isReflection(symmetry) ? -before[0]! : before[0]!, 12);
      expect(after[1]).toBeCloseTo(before[1]!, 12);
      expect(after[2]).toBeCloseTo(before[2]!, 12);
      expect(determinant(turned)).toBeCloseTo(determinant(c2w), 12);
    }
  });

  test("vectors turn as differences of cells", () => {
    const [a, b] = [Int32Array.of(1, 2, 3), Int32Array.of(3, 1, 7)];
    for (const symmetry of all) {
      const [ta, tb] = [turnCoords(a, symmetry, 9), turnCoords(b, symmetry, 9)];
      const difference = Float32Array.from(b, (value, k) => value - a[k]!);
      expect(Array.from(turnVectors(difference, symmetry), (v) => v + 0)).toEqual(Array.from(tb, (value, k) => value - ta[k]!));
    }
  });
});

function determinant(m: readonly number[]): number {
  const at = (r: number, c: number) => m[4 * r + c]!;
  return (
    at(0, 0) * (at(1, 1) * at(2, 2) - at(1, 2) * at(2, 1)) -
    at(0, 1) * (at(1, 0) * at(2, 2) - at(1, 2) * at(2, 0)) +
    at(0, 2) * (at(1, 0) * at(2, 1) - at(1, 1) * at(2, 0))
  );
}
