import { describe, expect, test } from "bun:test";
import "../../test/matchers";
import { numbers, randomTensor } from "../../test/voxels";
import { setThreads, Tensor, threads } from "../index";
import { interpolateMesh, type Lattice, type Mesh, voxelizeMesh } from "./index";

type Vec3 = [number, number, number];
const minus = (a: Vec3, b: Vec3): Vec3 => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const cross = (a: Vec3, b: Vec3): Vec3 => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
const dot = (a: Vec3, b: Vec3) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/** Separating axes of a triangle and a cell, all thirteen, written out: the cell's own (upper side open), the normal, nine products of edges. */
function touches(triangle: readonly Vec3[], cell: Vec3): boolean {
  for (let axis = 0; axis < 3; ++axis) {
    const along = triangle.map((p) => p[axis]!);
    if (Math.max(...along) < cell[axis]! || Math.min(...along) >= cell[axis]! + 1) return false;
  }
  const about = triangle.map((p) => minus(p, [cell[0] + 0.5, cell[1] + 0.5, cell[2] + 0.5]));
  const edges = [0, 1, 2].map((i) => minus(about[(i + 1) % 3]!, about[i]!));
  const units: Vec3[] = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ];
  const axes = [cross(edges[0]!, edges[1]!), ...units.flatMap((unit) => edges.map((edge) => cross(unit, edge)))];
  return axes.every((axis) => {
    const reach = (Math.abs(axis[0]) + Math.abs(axis[1]) + Math.abs(axis[2])) / 2;
    const along = about.map((p) => dot(p, axis));
    return Math.min(...along) <= reach && Math.max(...along) >= -reach;
  });
}

function corners(mesh: Mesh, { origin, voxel_m }: Lattice): Vec3[][] {
  const vertices = mesh.vertices.toArray();
  const at = (i: number) => [0, 1, 2].map((axis) => (vertices[3 * i + axis]! - origin[axis]!) / voxel_m) as Vec3;
  const faces = Array.from(mesh.faces.toArray());
  return Array.from({ length: faces.length / 3 }, (_, f) => faces.slice(3 * f, 3 * f + 3).map(at));
}

/** Faces of every cell that one touches. */
function touched(mesh: Mesh, lattice: Lattice): Map<string, number[]> {
  const cells = new Map<string, number[]>();
  for (const [face, triangle] of corners(mesh, lattice).entries()) {
    const [low, high] = [0, 1].map((end) =>
      [0, 1, 2].map((axis) => {
        const along = triangle.map((p) => Math.floor(p[axis]!));
        return end === 0 ? Math.max(0, Math.min(...along)) : Math.min(lattice.extent[axis]! - 1, Math.max(...along));
      }),
    ) as [number[], number[]];
    for (let x = low[0]!; x <= high[0]!; ++x)
      for (let y = low[1]!; y <= high[1]!; ++y)
        for (let z = low[2]!; z <= high[2]!; ++z)
          if (touches(triangle, [x, y, z])) cells.set(`${x} ${y} ${z}`, [...(cells.get(`${x} ${y} ${z}`) ?? []), face]);
  }
  return cells;
}

function soup(seed: number): Mesh {
  const next = numbers(seed);
  return {
    vertices: randomTensor([14, 3], seed, "f32").mul(Tensor.from([8, 5, 4], [3])),
    faces: Tensor.from(Int32Array.from([...Array.from({ length: 30 }, () => Math.floor(next() * 14)), 1, 1, 2, 5, 5, 5]), [12, 3]),
  };
}

const lattice: Lattice = { origin: [-7, -6, -5], voxel_m: 0.9, extent: [13, 14, 9] };
const keys = (coords: Tensor) =>
  Array.from({ length: coords.shape[0]! }, (_, i) => Array.from(coords.toArray().subarray(3 * i, 3 * i + 3)).join(" "));

describe("voxelizeMesh", () => {
  for (const seed of [1, 2, 3])
    test(`finds exactly the cells that faces touch, degenerate faces included (soup ${seed})`, () => {
      const mesh = soup(seed);
      const expected = touched(mesh, lattice);
      const { coords } = voxelizeMesh(mesh, lattice);
      expect(expected.size).toBeGreaterThan(100);
      expect(keys(coords).sort()).toEqual([...expected.keys()].sort());
    });

  test("no sampled point of a touching face is nearer to the centre than the one returned", () => {
    const mesh = soup(4);
    const cells = touched(mesh, lattice);
    const triangles = corners(mesh, lattice);
    const { coords, face, barycentrics } = voxelizeMesh(mesh, lattice);
    const [c, f, b] = [coords.toArray(), face.toArray(), barycentrics.toArray()];
    const next = numbers(9);
    const point = (triangle: Vec3[], w: readonly number[]) =>
      [0, 1, 2].map((axis) => triangle.reduce((sum, p, k) => sum + w[k]! * p[axis]!, 0)) as Vec3;
    for (const [i, key] of keys(coords).entries()) {
      const centre: Vec3 = [c[3 * i]! + 0.5, c[3 * i + 1]! + 0.5, c[3 * i + 2]! + 0.5];
      const weights = Array.from(b.subarray(3 * i, 3 * i + 3));
      expect(Math.abs(weights.reduce((a, w) => a + w, 0) - 1)).toBeLessThan(1e-6);
      expect(Math.min(...weights)).toBeGreaterThanOrEqual(0);
      const own = Math.hypot(...minus(point(triangles[f[i]!]!, weights), centre));
      for (const other of cells.get(key)!)
        for (let sample = 0; sample < 60; ++sample) {
          const [u, v] = [next(), next()];
          const w = u + v > 1 ? [u + v - 1, 1 - u, 1 - v] : [1 - u - v, u, v];
          expect(Math.hypot(...minus(point(triangles[other]!, w), centre))).toBeGreaterThan(own - 1e-5);
        }
    }
  });

  test("a level rectangle between two layers is one layer, the upper one; its attributes are those straight below or above the centre", () => {
    const mesh = {
      vertices: Tensor.from([0, 0, 3, 7.5, 0, 3, 7.5, 4.5, 3, 0, 4.5, 3], [4, 3]),
      faces: Tensor.from(Int32Array.of(0, 1, 2, 0, 2, 3), [2, 3]),
    };
    const voxels = voxelizeMesh(mesh, { origin: [0, 0, 0], voxel_m: 1, extent: [20, 20, 20] });
    expect(voxels.coords.shape).toEqual([8 * 5, 3]);
    expect(voxels.coords.select(1, 2).min().item()).toBe(3);
    expect(voxels.coords.select(1, 2).max().item()).toBe(3);
    const at = interpolateMesh(mesh, voxels, mesh.vertices);
    const centres = voxels.coords.to("f32").add(Tensor.from([0.5, 0.5, 0], [3]));
    expect(at).toBeCloseToTensor(centres, { rtol: 0, atol: 1e-5 });
  });

  test("voxels come in Morton order, x in the lowest bit", () => {
    const { coords } = voxelizeMesh(soup(1), lattice);
    const c = coords.toArray();
    const morton = (i: number) => {
      let key = 0;
      for (let bit = 4; bit >= 0; --bit) for (let axis = 2; axis >= 0; --axis) key = 2 * key + ((c[3 * i + axis]! >> bit) & 1);
      return key;
    };
    for (let i = 1; i < coords.shape[0]!; ++i) expect(morton(i)).toBeGreaterThan(morton(i - 1));
  });

  test("bits do not depend on threads", () => {
    const next = numbers(5);
    const big = {
      vertices: randomTensor([9000, 3], 6, "f32").mul(6),
      faces: Tensor.from(
        Int32Array.from({ length: 27000 }, (_, i) => Math.min(8999, Math.max(0, Math.floor(i / 3) + Math.floor(next() * 9) - 4))),
        [9000, 3],
      ),
    };
    const before = threads();
    const run = (count: number) => {
      setThreads(count);
      return voxelizeMesh(big, { origin: [-6, -6, -6], voxel_m: 0.5, extent: [24, 24, 24] });
    };
    const [one, three] = [run(1), run(3)];
    setThreads(before);
    expect(three.coords).toEqualTensor(one.coords);
    expect(three.face).toEqualTensor(one.face);
    expect(three.barycentrics).toEqualTensor(one.barycentrics);
  });

  test("refuses a lattice without size", () => {
    const mesh = soup(1);
    expect(() => voxelizeMesh(mesh, { ...lattice, voxel_m: 0 })).toThrow("voxel_m must be positive, got 0");
    expect(() => voxelizeMesh(mesh, { ...lattice, extent: [4, 0, 4] })).toThrow("extent must lie in [1, 2^21]");
  });
});
