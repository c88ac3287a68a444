import { describe, expect, test } from "bun:test";
import type { Vec3 } from "../../earth/api";
import { project } from "../../earth/api";
import { cameraOf } from "../capture/transforms";
import { isClear } from "./clearance";
import { box, plane } from "./mesh.fixture";
import { viewpointOptions } from "./options";
import { onSquare } from "./patterns";
import { planViewpoints, toTransforms } from "./plan";
import { type SceneMesh, SurfaceGrid } from "./surface-grid";

const tower = {
  height_m: 120,
  footprint: [
    [100, 50],
    [130, 50],
    [130, 90],
    [100, 90],
  ] as [number, number][],
};
const house = {
  height_m: 8,
  footprint: [
    [-60, -20],
    [-50, -20],
    [-50, -10],
    [-60, -10],
  ] as [number, number][],
};
const options = viewpointOptions.parse({ building: { layers: 2, per_layer: 8 }, adalevel: { levels: 5 } });

function meshOf(extra?: SceneMesh): SceneMesh {
  const mesh = plane(450, (x) => 0.02 * x, 3)
    .with(box([100, 50, -5], [130, 90, 122], 4))
    .with(box([-60, -20, -5], [-50, -10, 7], 4));
  return extra ? mesh.with(extra) : mesh;
}

describe("onSquare", () => {
  test("eight points are the corners and the middles of the sides", () => {
    expect(onSquare(600, 8, 0)).toEqual([
      [-300, 300],
      [0, 300],
      [300, 300],
      [300, 0],
      [300, -300],
      [0, -300],
      [-300, -300],
      [-300, 0],
    ]);
  });
  test("any count and phase stays on the outline, evenly", () => {
    const points = onSquare(100, 6, 1 / 12);
    for (const [x, y] of points) expect(Math.max(Math.abs(x), Math.abs(y))).toBeCloseTo(50, 9);
    expect(new Set(points.map(String)).size).toBe(6);
  });
});

describe("planViewpoints", () => {
  const scene = { buildings: [house, tower], roads: [] };
  const surface = SurfaceGrid.fromMesh(meshOf());
  const views = planViewpoints(scene, surface, options);
  const transforms = toTransforms(views, options.image);
  const cameras = transforms.frames.map((frame) => cameraOf(transforms, frame));

  test("has as many cameras of each pattern as the paper says", () => {
    const count = (pattern: string) => views.filter((v) => v.pattern === pattern).length;
    expect([count("top-outer"), count("top-inner"), count("building"), count("adalevel")]).toEqual([8, 8, 16, 30]);
  });

  test("Top-Pose stands 500 m above ground; the outer square sees the centre in the middle of its pictures, the inner one the scene's edges", () => {
    for (const [i, view] of views.entries()) {
      if (!view.pattern.startsWith("top")) continue;
      expect(view.position[2]).toBeCloseTo(500, 0);
      const [x, y] = view.position;
      const seen: Vec3 = view.pattern === "top-outer" ? [0, 0, 0] : [6 * x, 6 * y, 0.02 * 6 * x];
      if (view.pattern === "top-inner") expect(Math.max(Math.abs(seen[0]), Math.abs(seen[1]))).toBe(300);
      const pixel = project(cameras[i]!, seen);
      expect(Math.hypot(pixel.x - 320, pixel.y - 180)).toBeLessThan(1);
    }
  });

  test("AdaLevel-Pose rises from 75 m to the tallest building + 225 m in shrinking squares", () => {
    const levels = [0, 1, 2, 3, 4].map((level) => views.filter((v) => v.pattern === "adalevel" && v.level === level));
    const altitude = levels.map((l) => l.map((v) => v.position[2] - 0.02 * v.position[0]));
    expect(altitude[0]!.every((z) => Math.abs(z - 75) < 0.1)).toBe(true);
    expect(altitude[4]!.every((z) => Math.abs(z - 345) < 0.1)).toBe(true);
    const edge = levels.map((l) => 2 * Math.max(...l.map((v) => Math.max(Math.abs(v.position[0]), Math.abs(v.position[1])))));
    for (let i = 1; i < 5; i++) expect(edge[i]!).toBeLessThan(edge[i - 1]!);
  });

  test("Building-Pose circles the tallest building, from above downwards", () => {
    const spiral = views.filter((v) => v.pattern === "building");
    for (const v of spiral) expect(Math.hypot(v.target[0] - 115, v.target[1] - 70)).toBeLessThan(1e-6);
    for (let i = 1; i < spiral.length; i++) expect(spiral[i]!.position[2]).toBeLessThan(spiral[i - 1]!.position[2]);
    expect(spiral[0]!.position[2]).toBeGreaterThan(200);
  });

  test("is the same every time", () => {
    expect(planViewpoints(scene, SurfaceGrid.fromMesh(meshOf()), options)).toEqual(views);
  });

  test("a camera whose place is built over moves to a road; without roads it rises", () => {
    const [x, y] = onSquare(options.adalevel.outer_m, 6, 0)[1]!;
    const block = box([x - 40, y - 40, -10], [x + 40, y + 40, 160], 4);
    const mesh = meshOf(block);
    const blocked = SurfaceGrid.fromMesh(mesh);
    const index = views.findIndex((v) => v.pattern === "adalevel" && v.level === 0) + 1;
    const up = planViewpoints(scene, blocked, options);
    expect(up[index]!.moved).toBe("up");
    const roads = [
      [
        [x + 70, -400],
        [x + 70, 400],
      ],
    ] as [number, number][][];
    const moved = planViewpoints({ ...scene, roads }, blocked, options);
    expect(moved[index]!.moved).toBe("to-road");
    expect(moved[index]!.position[0]).toBeCloseTo(x + 70, 6);
    for (const view of [...up, ...moved]) expect(insideSolid(view.position, mesh)).toBe(false);
    expect(insideSolid([x + 3, y, 100], mesh)).toBe(true);
  });
});

test("a camera needs free air to its sides and below, and free sight ahead", () => {
  const surface = SurfaceGrid.fromMesh(meshOf());
  const options = { clearance_m: 10, reach_m: 100, sight_m: 30 };
  const clear = (x: number, y: number, z: number, target: Vec3) => isClear([x, y, z], target, surface, options);
  expect(clear(80, 70, 60, [0, 70, 60])).toBe(true);
  expect(clear(93, 70, 60, [0, 70, 60])).toBe(false); // 7 m beside the tower, looking away from it
  expect(clear(80, 70, 60, [115, 70, 60])).toBe(false); // 20 m before the tower, looking at it
  expect(clear(0, -100, 9, [0, -300, 9])).toBe(false); // 9 m above the ground
  expect(clear(0, -100, 12, [0, -300, 12])).toBe(true);
});

/** Independent of the grid: an upward ray crosses the surface above a point inside a solid or below the ground. */
function insideSolid([px, py, pz]: Vec3, mesh: SceneMesh): boolean {
  const at = (f: number, k: number) => [0, 1, 2].map((d) => mesh.vertices[3 * mesh.faces[3 * f + k]! + d]!) as [number, number, number];
  for (let f = 0; f < mesh.faceClass.length; f++) {
    const [a, b, c] = [at(f, 0), at(f, 1), at(f, 2)];
    const side = (p: number[], q: number[]) => (q[0]! - p[0]!) * (py - p[1]!) - (q[1]! - p[1]!) * (px - p[0]!);
    const [s, t, u] = [side(a, b), side(b, c), side(c, a)];
    if (!((s > 0 && t > 0 && u > 0) || (s < 0 && t < 0 && u < 0))) continue;
    const z = (t * a[2] + u * b[2] + s * c[2]) / (s + t + u);
    if (z > pz) return true;
  }
  return false;
}
