import { describe, expect, test } from "bun:test";
import { LETTER_F, letterCells } from "../../test/letter-f";
import { Tensor } from "../index";
import { heightMap, type Mesh } from "./index";

/** Level squares [x, y, z], one unit wide. */
function squares(cells: readonly (readonly [number, number, number])[]): Mesh {
  const vertices = cells.flatMap(([x, y, z]) => [x, y, z, x + 1, y, z, x + 1, y + 1, z, x, y + 1, z]);
  const faces = cells.flatMap((_, i) => [4 * i, 4 * i + 1, 4 * i + 2, 4 * i, 4 * i + 2, 4 * i + 3]);
  return {
    vertices: Tensor.from(Float32Array.from(vertices), [4 * cells.length, 3]),
    faces: Tensor.from(Int32Array.from(faces), [2 * cells.length, 3]),
  };
}

describe("heightMap", () => {
  test("an F of steps reads as an F, row 0 in the north; NaN beside it", () => {
    const cells = letterCells.map(([x, y]) => [x, y, 10 * x + y - 20] as const);
    const map = heightMap(squares(cells), { west: 0, north: LETTER_F.length, pixel: 1, width: 5, height: 6 });
    expect(map.shape).toEqual([6, 5]);
    const at = map.toArray();
    for (let row = 0; row < 6; ++row)
      for (let column = 0; column < 5; ++column) {
        const y = LETTER_F.length - 1 - row;
        const inside = letterCells.some(([cx, cy]) => cx === column && cy === y);
        expect([row, column, at[5 * row + column]]).toEqual([row, column, inside ? 10 * column + y - 20 : Number.NaN]);
      }
  });

  test("of several faces the highest counts, from whichever side; below zero and at the very top too", () => {
    const mesh = squares([
      [0, 0, -7],
      [0, 0, -3],
      [0, 0, -5],
      [1, 0, 4.25],
    ]);
    const turned = { ...mesh, faces: mesh.faces.indexSelect(1, Tensor.from(Int32Array.of(0, 2, 1), [3])) };
    for (const one of [mesh, turned])
      expect([...heightMap(one, { west: 0, north: 1, pixel: 0.5, width: 4, height: 2 }).toArray()]).toEqual([-3, -3, 4.25, 4.25, -3, -3, 4.25, 4.25]);
  });

  test("a slope is read at the centres of pixels", () => {
    const vertices = Tensor.from([0, 0, 100, 8, 0, 104, 8, 6, 107, 0, 6, 103], [4, 3]);
    const mesh = { vertices, faces: Tensor.from(Int32Array.of(0, 1, 2, 0, 2, 3), [2, 3]) };
    const at = heightMap(mesh, { west: 1, north: 5, pixel: 0.25, width: 11, height: 7 }).toArray();
    for (let row = 0; row < 7; ++row)
      for (let column = 0; column < 11; ++column) {
        const [x, y] = [1 + 0.25 * (column + 0.5), 5 - 0.25 * (row + 0.5)];
        expect(Math.abs(at[11 * row + column]! - (100 + x / 2 + y / 2))).toBeLessThan(2e-5);
      }
  });

  test("no face: NaN; vertices that are no numbers are not looked at", () => {
    const view = { west: 0, north: 1, pixel: 1, width: 2, height: 1 };
    const empty = { vertices: Tensor.zeros([0, 3]), faces: Tensor.zeros([0, 3], { dtype: "i32" }) };
    expect([...heightMap(empty, view).toArray()]).toEqual([Number.NaN, Number.NaN]);
    const broken = squares([
      [0, 0, Number.NaN],
      [1, 0, 3],
    ]);
    expect([...heightMap(broken, view).toArray()]).toEqual([Number.NaN, 3]);
  });
});
