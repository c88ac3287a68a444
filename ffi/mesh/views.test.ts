import { describe, expect, test } from "bun:test";
import "../../test/matchers";
import { lookAt } from "../../test/look-at";
import { Tensor } from "../index";
import { openglViews, rasterizeMesh } from "./index";

describe("openglViews", () => {
  test("undoes a camera made the other way round: c2w = inv(viewmat) · diag(1, −1, −1, 1)", () => {
    const eyes = [
      [3, -7, 5],
      [-2, 1, 9],
    ] as const;
    const viewmats = eyes.map((eye) => lookAt(eye, [1, 2, 0]));
    const c2w = viewmats.map((m, v) => [0, 1, 2].flatMap((axis) => [m[axis]!, -m[4 + axis]!, -m[8 + axis]!, eyes[v]![axis]!]).concat(0, 0, 0, 1));
    const views = openglViews(
      [0, 1].map((v) => ({ c2w: c2w[v]!, intrinsics: [50 + v, 48, 31, 22] })),
      64,
      48,
    );
    expect(views.viewmats).toBeCloseToTensor(viewmats.flat(), { rtol: 1e-12, atol: 1e-12 });
    expect([...views.Ks.toArray().subarray(9)]).toEqual([51, 0, 31, 0, 48, 22, 0, 0, 1]);
  });

  test("an OpenGL camera above the ground sees east on the right and north on top", () => {
    // Looking down −z with x east and y north: the identity, ten metres up.
    const c2w = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 10, 0, 0, 0, 1];
    const views = openglViews([{ c2w, intrinsics: [10, 10, 8, 8] }], 16, 16);
    const flag = (x: number, y: number) => [x, y, 0, x + 2, y, 0, x, y + 2, 0];
    const mesh = { vertices: Tensor.from([...flag(4, 0), ...flag(0, 4)], [6, 3]), faces: Tensor.from(Int32Array.of(0, 1, 2, 3, 4, 5), [2, 3]) };
    const face = rasterizeMesh(mesh, views).face.toArray();
    expect(face[7 * 16 + 12]).toBe(0); // x = 4.5, y = 0.5: right of the middle
    expect(face[3 * 16 + 8]).toBe(1); // x = 0.5, y = 4.5: above it
  });

  test("refuses a matrix of another size", () => {
    expect(() => openglViews([{ c2w: [1, 0, 0], intrinsics: [1, 1, 0, 0] }], 4, 4)).toThrow("camera 0 has 3 numbers in c2w");
  });
});
