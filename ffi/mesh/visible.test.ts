import { describe, expect, test } from "bun:test";
import "../../test/matchers";
import { viewsFrom } from "../../test/look-at";
import { numbers, randomTensor } from "../../test/voxels";
import { setThreads, Tensor, threads } from "../index";
import { type Mesh, type ProjectedViews, rasterizeMesh, visibleFaces } from "./index";

/** Triangles of all sizes, some through the near plane, some behind it. */
function soup(faces: number, size: number, seed: number): Mesh {
  const next = numbers(seed);
  const corners = Int32Array.from({ length: 3 * faces }, () => Math.floor(next() * 2 * faces));
  return { vertices: randomTensor([2 * faces, 3], seed, "f32").mul(size), faces: Tensor.from(corners, [faces, 3]) };
}

/** Counted from the pictures. */
function counted(mesh: Mesh, views: ProjectedViews): number[] {
  const counts = new Array<number>(mesh.faces.shape[0]!).fill(0);
  const face = rasterizeMesh(mesh, views).face.toArray();
  const pixels = views.width * views.height;
  for (let v = 0; v < views.viewmats.shape[0]!; ++v) for (const f of new Set(face.subarray(v * pixels, (v + 1) * pixels))) if (f >= 0) counts[f]!++;
  return counts;
}

const eyes = [
  [8, 1, 2],
  [1, 1, 0.5],
  [0.1, -2, 6],
  [-5, 3, 4],
  [2, -7, 1],
] as const;
const views = viewsFrom(eyes, [0, 0.3, 0], { width: 67, height: 45, focal: 50 });

describe("visibleFaces", () => {
  for (const [faces, size] of [
    [40, 4],
    [900, 2],
  ] as const)
    test(`counts the views whose pictures show a face (${faces} faces)`, () => {
      const mesh = soup(faces, size, faces);
      for (const near of [0.05, 3]) {
        const seen = [...visibleFaces(mesh, { ...views, near }).toArray()];
        expect(seen).toEqual(counted(mesh, { ...views, near }));
        expect(new Set(seen).size).toBeGreaterThan(3);
      }
      const parallel: ProjectedViews = {
        ...views,
        Ks: views.Ks.mul(Tensor.from([0.2, 1, 1, 1, 0.2, 1, 1, 1, 1], [3, 3])),
        projection: "parallel",
        near: -20,
      };
      expect([...visibleFaces(mesh, parallel).toArray()]).toEqual(counted(mesh, parallel));
    });

  test("what is hidden is not seen: the inner of two boxes", () => {
    const corners = (r: number) => Array.from({ length: 8 }, (_, c) => [c & 1 ? r : -r, c & 2 ? r : -r, c & 4 ? r : -r]).flat();
    const box = [0, 1, 3, 0, 3, 2, 4, 7, 5, 4, 6, 7, 0, 5, 1, 0, 4, 5, 2, 3, 7, 2, 7, 6, 0, 2, 6, 0, 6, 4, 1, 5, 7, 1, 7, 3];
    const vertices = Tensor.from(Float32Array.from([...corners(1), ...corners(2)]), [16, 3]);
    const faces = Tensor.from(Int32Array.from([...box, ...box.map((v) => v + 8)]), [24, 3]);
    const seen = visibleFaces({ vertices, faces }, views).toArray();
    expect(Math.max(...seen.subarray(0, 12))).toBe(1); // the eye at [1, 1, 0.5] stands between the boxes
    expect(Math.max(...seen.subarray(12))).toBeGreaterThan(1);
  });

  test("no face, no view; bits do not depend on threads", () => {
    const mesh = soup(300, 2, 5);
    const before = threads();
    setThreads(1);
    const one = visibleFaces(mesh, views);
    setThreads(3);
    expect(visibleFaces(mesh, views)).toEqualTensor(one);
    setThreads(before);
    expect(visibleFaces({ ...mesh, faces: Tensor.zeros([0, 3], { dtype: "i32" }) }, views).shape).toEqual([0]);
    const none = { ...views, viewmats: views.viewmats.narrow(0, 0, 0), Ks: views.Ks.narrow(0, 0, 0) };
    expect(visibleFaces(mesh, none).sum().item()).toBe(0);
    expect(() => visibleFaces(mesh, { ...views, width: 40000 })).toThrow("width and height must lie in [1, 32767], got 40000 x 45");
  });
});
