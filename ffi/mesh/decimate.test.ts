import { describe, expect, test } from "bun:test";
import { ball } from "../../test/ball";
import "../../test/matchers";
import { meshFacts } from "../../test/mesh-facts";
import { Tensor } from "../index";
import { decimateMesh, heightMap, type Mesh } from "./index";

/** n × m squares of a ground that is level in the west and rough in the east. */
function ground(n: number, m: number): Mesh {
  const vertices: number[] = [];
  const faces: number[] = [];
  for (let x = 0; x <= n; ++x)
    for (let y = 0; y <= m; ++y) {
      vertices.push(x, y, x < n / 2 ? 2 : 2 + (1 - Math.cos(0.9 * (x - n / 2))) * Math.cos(0.7 * y));
      if (x === n || y === m) continue;
      const [a, b] = [x * (m + 1) + y, (x + 1) * (m + 1) + y];
      faces.push(a, b, b + 1, a, b + 1, a + 1);
    }
  return { vertices: Tensor.from(vertices, [vertices.length / 3, 3]), faces: Tensor.from(Int32Array.from(faces), [faces.length / 3, 3]) };
}

/** Of the vertices from the ball's surface. */
const distances = ({ vertices }: Mesh) => {
  const v = vertices.toArray();
  return Array.from({ length: v.length / 3 }, (_, i) => 1 - Math.hypot(v[3 * i]!, v[3 * i + 1]!, (8 / 7) * v[3 * i + 2]!));
};

const places = ({ vertices }: Mesh, where: (x: number, y: number) => boolean) => {
  const v = vertices.toArray();
  const found: string[] = [];
  for (let i = 0; i < v.length; i += 3) if (where(v[i]!, v[i + 1]!)) found.push(`${v[i]} ${v[i + 1]} ${v[i + 2]}`);
  return found.sort();
};

describe("decimateMesh", () => {
  test("a ball stays closed and a ball, with as many faces as are asked for", async () => {
    const whole = ball(40);
    const [before, fewer] = [meshFacts(whole), await decimateMesh(whole, { faces: 1000 })];
    const after = meshFacts(fewer);
    expect(after).toMatchObject({ openEdges: 0, badEdges: 0, badVertices: 0, euler: 2 });
    expect(after.faces).toBeLessThanOrEqual(1000);
    expect(after.faces).toBeGreaterThan(980);
    expect(Math.abs(after.volume / before.volume - 1)).toBeLessThan(0.02);
    const kept = await decimateMesh(whole, { faces: 1000, vertices: "kept" });
    expect(kept.vertices).toEqualTensor(whole.vertices.indexSelect(0, kept.source));
    expect(meshFacts(kept)).toMatchObject({ openEdges: 0, badEdges: 0, badVertices: 0, euler: 2 });
    // Vertices that move can do better.
    const off = (mesh: Mesh) => [...distances(mesh)].reduce((sum, d) => sum + d * d, 0) / mesh.vertices.shape[0]!;
    const lost = (mesh: Mesh) => Math.abs(meshFacts(mesh).volume / before.volume - 1);
    expect(off(kept)).toBeLessThan(1e-5);
    expect(lost(fewer)).toBeLessThan(0.7 * lost(kept));
  });

  test("the border stays, vertex by vertex, unless it may be simplified", async () => {
    const plain = ground(40, 30);
    const mesh = { ...plain, vertices: plain.vertices.add(Tensor.from([0.1, 0.3, 0.7], [3])) }; // numbers that rounding shows in
    const [west, east, south, north] = [0.1, 40.1, 0.3, 30.3].map(Math.fround) as [number, number, number, number];
    const border = (x: number, y: number) => x === west || x === east || y === south || y === north;
    const kept = await decimateMesh(mesh, { faces: 300 });
    expect(places(kept, border)).toEqual(places(mesh, border));
    expect(meshFacts(kept)).toMatchObject({ openEdges: 140, badEdges: 0, badVertices: 0, euler: 1 });
    const freed = await decimateMesh(mesh, { faces: 300, border: "simplified" });
    expect(places(freed, border).length).toBeLessThan(100);
  });

  test("level ground goes first, and the surface moves less than the error allows", async () => {
    const mesh = ground(40, 30);
    const fewer = await decimateMesh(mesh, { error: 0.05 });
    const west = places(fewer, (x, y) => x > 0 && x < 20 && y > 0 && y < 30).length;
    const east = places(fewer, (x, y) => x > 20 && x < 40 && y > 0 && y < 30).length;
    expect(west).toBeLessThan(60); // of 551
    expect(east).toBeGreaterThan(4 * west);
    expect(fewer.error).toBeLessThanOrEqual(0.05);
    const view = { west: 0.13, north: 29.9, pixel: 0.25, width: 158, height: 118 };
    const apart = heightMap(mesh, view).sub(heightMap(fewer, view)).abs();
    expect(apart.max().item()).toBeLessThan(0.25); // straight down, on slopes of 60 degrees; quadrics measure the distance to planes
    expect(apart.mean().item()).toBeLessThan(0.03);
  });

  test("nothing to do, nothing there, the same bytes again", async () => {
    const mesh = ground(9, 7);
    const all = await decimateMesh(mesh, { faces: 10_000 });
    expect(all.faces).toEqualTensor(mesh.faces);
    expect(all.vertices).toEqualTensor(mesh.vertices);
    const none = await decimateMesh({ ...mesh, faces: mesh.faces.narrow(0, 0, 0) }, { faces: 5 });
    expect([none.faces.shape, none.vertices.shape, none.error]).toEqual([[0, 3], [0, 3], 0]);
    const values = Float32Array.from(mesh.vertices.toArray());
    values[3 * 20] = Number.NaN;
    const broken = await decimateMesh({ ...mesh, vertices: Tensor.from(values, mesh.vertices.shape) }, { faces: 50 });
    expect(broken.faces.shape[0]!).toBeLessThanOrEqual(mesh.faces.shape[0]!);
    const [a, b] = [await decimateMesh(ball(24), { faces: 700 }), await decimateMesh(ball(24), { faces: 700 })];
    expect(b.faces).toEqualTensor(a.faces);
  });

  test("refuses what it cannot mean", async () => {
    const mesh = ground(3, 3);
    expect(decimateMesh(mesh, {})).rejects.toThrow("say faces, or error, or both");
    expect(decimateMesh(mesh, { faces: -1 })).rejects.toThrow("faces must be 0 or more, got -1");
    expect(decimateMesh(mesh, { error: Number.NaN })).rejects.toThrow("error must be 0 or more, got NaN");
    expect(decimateMesh({ ...mesh, faces: mesh.faces.add(9) }, { faces: 3 })).rejects.toThrow("faces name vertices");
  });
});
