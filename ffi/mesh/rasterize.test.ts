import { describe, expect, test } from "bun:test";
import "../../test/matchers";
import { drawn, LETTER_F, letterCells } from "../../test/letter-f";
import { viewsFrom } from "../../test/look-at";
import { numbers, randomTensor } from "../../test/voxels";
import { ops, setThreads, Tensor, threads } from "../index";
import { interpolateMesh, type Mesh, type ProjectedViews, rasterizeMesh, topDownView } from "./index";

/** Unconnected triangles, some behind and some through the near plane. */
function soup(faces: number, size: number, seed: number): Mesh {
  const next = numbers(seed);
  return {
    vertices: randomTensor([3 * faces, 3], seed, "f32").mul(size),
    faces: Tensor.from(
      Int32Array.from({ length: 3 * faces }, () => Math.floor(next() * 3 * faces)),
      [faces, 3],
    ),
  };
}

/** A bumpy square of (n − 1)² quads over [−10, 10]². */
function terrain(n: number): Mesh {
  const vertices: number[] = [];
  const faces: number[] = [];
  for (let i = 0; i < n; ++i)
    for (let j = 0; j < n; ++j) {
      const [x, y] = [(20 * i) / (n - 1) - 10, (20 * j) / (n - 1) - 10];
      vertices.push(x, y, 1.5 * Math.sin(1.3 * x) * Math.cos(y));
      if (i + 1 === n || j + 1 === n) continue;
      const [a, b, c, d] = [i * n + j, (i + 1) * n + j, (i + 1) * n + j + 1, i * n + j + 1];
      faces.push(a, b, c, a, c, d);
    }
  return { vertices: Tensor.from(Float32Array.from(vertices), [n * n, 3]), faces: Tensor.from(Int32Array.from(faces), [faces.length / 3, 3]) };
}

function expectReference(mesh: Mesh, views: ProjectedViews, toleratedPixels: number): void {
  const { face, barycentrics, depth } = rasterizeMesh(mesh, views);
  const [face0, barycentrics0, depth0] = ops.earthcraft.meshRasterReference(
    mesh.vertices,
    mesh.faces,
    views.viewmats,
    views.Ks,
    views.width,
    views.height,
    views.near,
    views.projection,
  );
  const same = face.eq(face0);
  expect(same.numel - same.sum().item()).toBeLessThanOrEqual(toleratedPixels);
  expect(same.mul(face.ge(0)).sum().item()).toBeGreaterThan(same.numel / 3);
  const none = same.logicalNot();
  expect(ops.aten.maskedFill(depth, none, 0)).toBeCloseToTensor(ops.aten.maskedFill(depth0, none, 0), { rtol: 1e-6, atol: 1e-6 });
  const both = none.unsqueeze(-1);
  expect(ops.aten.maskedFill(barycentrics, both, 0)).toBeCloseToTensor(ops.aten.maskedFill(barycentrics0, both, 0), { rtol: 0, atol: 1e-6 });
}

describe("rasterizeMesh", () => {
  const mesh = soup(120, 4, 3);

  test("sees what a ray through every pixel meets first, faces cut by the near plane included", () => {
    const views = viewsFrom(
      [
        [8, 1, 2],
        [1, 1, 0.5],
        [0.1, -2, 6],
      ],
      [0, 0.3, 0],
      { width: 48, height: 37, focal: 40 },
    );
    expectReference(mesh, { ...views, near: 0.05 }, 2);
  });

  test("the same under parallel rays", () => {
    const views = viewsFrom([[8, 1, 2]], [0, 0, 0], { width: 48, height: 37, focal: 5 });
    expectReference(mesh, { ...views, projection: "parallel", near: -20 }, 2);
  });

  test("small faces of a connected surface", () => {
    expectReference(terrain(60), viewsFrom([[9, -12, 7]], [0, 0, 0], { width: 80, height: 60, focal: 70 }), 3);
  });

  test("a connected surface has no holes", () => {
    const views = topDownView({ west: -9.7, north: 9.8, top: 30, pixel: 0.1, width: 195, height: 194 });
    expect(rasterizeMesh(terrain(150), views).face.lt(0).sum().item()).toBe(0);
  });

  test("pixel centres on shared edges and corners are drawn once", () => {
    // A fan around a pixel's centre, its corners and edges on pixel centres too.
    const corners = [
      [4.5, 4.5],
      [8.5, 4.5],
      [8.5, 8.5],
      [4.5, 8.5],
      [0.5, 8.5],
      [0.5, 0.5],
      [4.5, 0.5],
      [8.5, 0.5],
    ];
    const vertices = Tensor.from(Float32Array.from(corners.flatMap(([x, y]) => [x!, -y!, 0])), [8, 3]);
    const fan = [1, 2, 3, 4, 5, 6, 7].map((i) => (i < 7 ? [0, i, i + 1] : [0, 7, 1]));
    const views = topDownView({ west: 0, north: 0, top: 5, pixel: 1, width: 10, height: 10 });
    const counts = new Array<number>(100).fill(0);
    for (const face of fan) {
      for (const turned of [face, [face[1]!, face[0]!, face[2]!]]) {
        const one = rasterizeMesh({ vertices, faces: Tensor.from(Int32Array.from(turned), [1, 3]) }, views).face.toArray();
        for (const [pixel, hit] of one.entries()) counts[pixel]! += hit < 0 ? 0 : 0.5; // both windings draw the same pixels
      }
    }
    expect(new Set(counts)).toEqual(new Set([0, 1]));
    expect(counts.filter((count) => count === 1).length).toBe(64);
    // The top left corner's pixel is inside, the lower right one's is not.
    expect([counts[0], counts[88]]).toEqual([1, 0]);
  });

  test("of two faces in one place the lower index is seen", () => {
    const vertices = Tensor.from([0, 0, 0, 4, 0, 0, 0, 4, 0], [3, 3]);
    const views = topDownView({ west: 0, north: 4, top: 5, pixel: 1, width: 4, height: 4 });
    const face = rasterizeMesh({ vertices, faces: Tensor.from(Int32Array.of(2, 0, 1, 0, 1, 2), [2, 3]) }, views).face;
    expect(face.max().item()).toBe(0);
  });

  test("an F reads as an F from above", () => {
    const quads = letterCells.map(([x, y]) => [x, y, 0, x + 1, y, 0, x + 1, y + 1, 0, x, y + 1, 0]);
    const faces = quads.flatMap((_, i) => [4 * i, 4 * i + 1, 4 * i + 2, 4 * i, 4 * i + 2, 4 * i + 3]);
    const letter = { vertices: Tensor.from(quads.flat(), [4 * quads.length, 3]), faces: Tensor.from(Int32Array.from(faces), [faces.length / 3, 3]) };
    const { face, depth } = rasterizeMesh(letter, topDownView({ west: 0, north: LETTER_F.length, top: 7, pixel: 1, width: 5, height: 6 }));
    expect(drawn(face.toArray(), 5, (index) => index >= 0)).toEqual([...LETTER_F]);
    expect(depth.max().item()).toBe(7);
  });

  test("attributes read at a pixel lie on its ray, at its depth", () => {
    const hills = terrain(30);
    const views = viewsFrom([[9, -12, 7]], [0, 0, 0], { width: 50, height: 40, focal: 45 });
    const image = rasterizeMesh(hills, views);
    const at = interpolateMesh(hills, image, hills.vertices).toArray();
    const [face, depth, m, K] = [image.face.toArray(), image.depth.toArray(), views.viewmats.toArray(), views.Ks.toArray()];
    let seen = 0;
    for (let p = 0; p < face.length; ++p) {
      if (face[p]! < 0) {
        expect([...at.subarray(3 * p, 3 * p + 3)]).toEqual([0, 0, 0]);
        continue;
      }
      seen++;
      const [x, y, z] = [0, 1, 2].map(
        (row) => m[4 * row]! * at[3 * p]! + m[4 * row + 1]! * at[3 * p + 1]! + m[4 * row + 2]! * at[3 * p + 2]! + m[4 * row + 3]!,
      ) as [number, number, number];
      expect(Math.abs((K[0]! * x) / z + K[2]! - ((p % 50) + 0.5))).toBeLessThan(1e-4);
      expect(Math.abs((K[4]! * y) / z + K[5]! - (Math.floor(p / 50) + 0.5))).toBeLessThan(1e-4);
      expect(Math.abs(z - depth[p]!)).toBeLessThan(1e-4);
    }
    expect(seen).toBeGreaterThan(500);
  });

  test("bits do not depend on threads", () => {
    const views = viewsFrom([[9, -12, 7]], [0, 0, 0], { width: 80, height: 60, focal: 70 });
    const before = threads();
    const draw = (count: number) => {
      setThreads(count);
      return rasterizeMesh(terrain(90), views);
    };
    const [one, three] = [draw(1), draw(3)];
    setThreads(before);
    expect(three.face).toEqualTensor(one.face);
    expect(three.barycentrics).toEqualTensor(one.barycentrics);
    expect(three.depth).toEqualTensor(one.depth);
  });

  test("refuses faces of vertices that are not there, and matrices that are no cameras", () => {
    const views = viewsFrom([[9, -12, 7]], [0, 0, 0], { width: 8, height: 6, focal: 7 });
    const vertices = Tensor.zeros([3, 3]);
    expect(() => rasterizeMesh({ vertices, faces: Tensor.from(Int32Array.of(0, 1, 3), [1, 3]) }, views)).toThrow(
      "faces name vertices 0 to 3, but there are 3",
    );
    const faces = Tensor.from(Int32Array.of(0, 1, 2), [1, 3]);
    expect(() => rasterizeMesh({ vertices, faces }, { ...views, viewmats: views.viewmats.transpose(1, 2) })).toThrow("is it transposed?");
    expect(() => rasterizeMesh({ vertices, faces }, { ...views, viewmats: views.viewmats.mul(2) })).toThrow("must be 0 0 0 1");
    expect(() => rasterizeMesh({ vertices, faces }, { ...views, width: 0 })).toThrow("width and height must lie in [1, 32767], got 0 x 6");
  });
});
