import { describe, expect, test } from "bun:test";
import { ball } from "../../test/ball";
import "../../test/matchers";
import { meshFacts } from "../../test/mesh-facts";
import { numbers, randomTensor } from "../../test/voxels";
import { setThreads, Tensor, threads } from "../index";
import { fillHoles, type Mesh, meshPieces, selectFaces } from "./index";

const closed = { openEdges: 0, badEdges: 0, badVertices: 0, badFaces: 0 };
const facesOf = (corners: readonly number[]) => Tensor.from(Int32Array.from(corners), [corners.length / 3, 3]);

/** A level grid of n × m squares, of which those that `open` names are left out. */
function sheet(n: number, m: number, open: (x: number, y: number) => boolean): Mesh {
  const vertices: number[] = [];
  const faces: number[] = [];
  for (let x = 0; x <= n; ++x)
    for (let y = 0; y <= m; ++y) {
      vertices.push(x, y, 3);
      if (x === n || y === m || open(x, y)) continue;
      const [a, b, c, d] = [x * (m + 1) + y, (x + 1) * (m + 1) + y, (x + 1) * (m + 1) + y + 1, x * (m + 1) + y + 1];
      faces.push(a, b, c, a, c, d);
    }
  return { vertices: Tensor.from(vertices, [vertices.length / 3, 3]), faces: facesOf(faces) };
}

describe("fillHoles", () => {
  test("holes of any shape in a plane are filled in the plane, once, facing as it does", () => {
    // A square, an L, a U, and a hole of one edge more than is asked for; 13 × 11 squares with a border of 48 edges.
    const L = new Set(["5 2", "6 2", "7 2", "5 3", "5 4"]);
    const U = new Set(["2 6", "2 7", "2 8", "3 6", "4 6", "4 7", "4 8"]);
    const long = new Set(["11 1", "11 2", "11 3", "11 4", "11 5", "11 6", "11 7", "11 8"]);
    const mesh = sheet(13, 11, (x, y) => (x === 1 && y === 1) || L.has(`${x} ${y}`) || U.has(`${x} ${y}`) || long.has(`${x} ${y}`));
    const before = meshFacts(mesh);
    const filled = fillHoles(mesh, { maxEdges: 17 });
    const after = meshFacts(filled);
    expect(after.area).toBeCloseTo(before.area + 1 + 5 + 7, 5); // nothing lies twice
    expect(after).toMatchObject({ badEdges: 0, badVertices: 0, badFaces: 0, openEdges: 48 + 18 });
    expect(after.vertices).toBe(before.vertices);
    expect(after.faces).toBe(before.faces + 2 + 10 + 14);
    expect(filled.faces.narrow(0, 0, before.faces)).toEqualTensor(mesh.faces);
    const v = filled.vertices.toArray();
    for (const face of rows(filled)) {
      const [a, b, c] = face.map((i) => [v[3 * i]!, v[3 * i + 1]!]) as [number[], number[], number[]];
      expect((b[0]! - a[0]!) * (c[1]! - a[1]!) - (b[1]! - a[1]!) * (c[0]! - a[0]!)).toBeGreaterThan(0); // upwards
    }
    expect(meshFacts(fillHoles(mesh, { maxEdges: 18 })).area).toBeCloseTo(before.area + 1 + 5 + 7 + 8, 5);
    expect(meshFacts(fillHoles(mesh, { maxEdges: 3 }))).toEqual(before);
  });

  test("a box without its lid gets a level lid", () => {
    const corners = [0, 0, 0, 4, 0, 0, 4, 3, 0, 0, 3, 0, 0, 0, 2, 4, 0, 2, 4, 3, 2, 0, 3, 2];
    const sides = [0, 2, 1, 0, 3, 2, 0, 1, 5, 0, 5, 4, 1, 2, 6, 1, 6, 5, 2, 3, 7, 2, 7, 6, 3, 0, 4, 3, 4, 7];
    const facts = meshFacts(fillHoles({ vertices: Tensor.from(corners, [8, 3]), faces: facesOf(sides) }, { maxEdges: 4 }));
    expect(facts).toMatchObject({ ...closed, euler: 2, faces: 12 });
    expect(facts.volume).toBeCloseTo(24, 5);
    expect(facts.area).toBeCloseTo(52, 5);
  });

  test("a ball with many holes, some of which touch, closes to a ball", () => {
    const whole = ball(26);
    const shape = meshFacts(whole);
    for (const seed of [1, 2, 3]) {
      const next = numbers(seed);
      const keep = Tensor.from(
        Uint8Array.from({ length: shape.faces }, () => (next() < 0.94 ? 1 : 0)),
        [shape.faces],
        { dtype: "bool" },
      );
      const rest = selectFaces(whole, keep);
      const { pieceOfFace, faceCounts } = meshPieces(rest, { by: "edges" });
      const torn = selectFaces(rest, faceCounts.indexSelect(0, pieceOfFace).gt(100)); // crumbs are no part of the ball
      expect(meshFacts(torn).openEdges).toBeGreaterThan(200);
      const facts = meshFacts(fillHoles(torn, { maxEdges: 60 }));
      expect(facts).toMatchObject({ ...closed, euler: 2 });
      expect(facts.volume / shape.volume).toBeGreaterThan(0.98);
      expect(facts.volume / shape.volume).toBeLessThan(1.001);
    }
  });

  test("no edge gets a third face: a loop whose cuts exist already gets a vertex in its middle", () => {
    // Two squares back to back but for one side: both diagonals of the hole 0 1 2 3 are edges already.
    const vertices = Tensor.from([0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0, 0.5, 0.5, -1, 0.5, 0.5, -2], [6, 3]);
    // A cone below the square, and edges 0 2 and 1 3 in fins that hang elsewhere.
    const faces = facesOf([0, 4, 1, 1, 4, 2, 2, 4, 3, 3, 4, 0, 0, 2, 5, 1, 3, 5]);
    const filled = fillHoles({ vertices, faces }, { maxEdges: 4 });
    const added = rows(filled).slice(6);
    const uses = (a: number, b: number) => added.filter((face) => face.includes(a) && face.includes(b)).length;
    expect([uses(0, 2), uses(1, 3)]).toEqual([0, 0]);
    expect(filled.vertices.shape[0]).toBe(7);
    expect([...filled.vertices.toArray().subarray(18)]).toEqual([0.5, 0.5, 0]);
    expect(meshFacts(filled).badEdges).toBe(0);
  });

  test("two loops that would both take the edge between the corners that they share: one does, the other gets a vertex", () => {
    // Two strips that meet at p and q only: each is closed by itself, and the edge across it is there already.
    const [p, q, a, b, c, d] = [0, 1, 2, 3, 4, 5];
    const vertices = Tensor.from([0, 0, 0.3, 0, 0, -0.3, 1, -2, 0, 1, 2, 0, -1, 2, 0, -1, -2, 0], [6, 3]);
    const filled = fillHoles({ vertices, faces: facesOf([p, b, c, p, d, a, q, c, b, q, a, d]) }, { maxEdges: 4 });
    expect(meshFacts(filled)).toMatchObject({ openEdges: 0, badEdges: 0, badFaces: 0, vertices: 7, faces: 10 });
    expect(rows(filled).filter((face) => face.includes(p) && face.includes(q)).length).toBe(2);
  });

  test("one face alone, no face, broken vertices, edges of three faces: no crash, nothing added where there is no hole", () => {
    const one = { vertices: Tensor.from([0, 0, 0, 1, 0, 0, 0, 1, 0], [3, 3]), faces: facesOf([0, 1, 2]) };
    expect(fillHoles(one, { maxEdges: 10 }).faces.shape).toEqual([1, 3]);
    expect(fillHoles({ ...one, faces: facesOf([]) }, { maxEdges: 10 }).faces.shape).toEqual([0, 3]);
    expect(fillHoles({ ...one, faces: facesOf([0, 0, 0, 1, 1, 2]) }, { maxEdges: 10 }).vertices.shape).toEqual([3, 3]);
    const mesh = sheet(4, 4, (x, y) => x === 1 && y === 2);
    const values = Float32Array.from(mesh.vertices.toArray());
    values[3 * 7] = Number.NaN;
    expect(meshFacts(fillHoles({ ...mesh, vertices: Tensor.from(values, mesh.vertices.shape) }, { maxEdges: 4 })).openEdges).toBe(16);
    const next = numbers(3);
    for (let seed = 0; seed < 30; ++seed) {
      const vertices = randomTensor([12, 3], seed, "f32");
      const soup = { vertices, faces: facesOf(Array.from({ length: 60 }, () => Math.floor(next() * 12))) };
      expect(meshFacts(fillHoles(soup, { maxEdges: 12 })).badEdges).toBe(meshFacts(soup).badEdges);
    }
    expect(() => fillHoles(one, { maxEdges: 2 })).toThrow("max_edges must lie in [3, 4096], got 2");
  });

  test("a corner of 100,000 faces takes no square of them", () => {
    const n = 100_000;
    const vertices = Float32Array.from({ length: 3 * (n + 2) }, (_, i) => {
      const turn = (2 * Math.PI * Math.floor(i / 3)) / n;
      return [Math.cos(turn), Math.sin(turn), 0][i % 3]!;
    });
    vertices.set([0, 0, 1, 0, 0, -1], 3 * n);
    const faces = Array.from({ length: n }, (_, i) => [i, (i + 1) % n, n, (i + 1) % n, i, n + 1]).flat();
    const cut = { vertices: Tensor.from(vertices, [n + 2, 3]), faces: facesOf(faces.slice(12)) }; // without the four faces of corner 1
    expect(fillHoles(cut, { maxEdges: 4 }).faces.shape).toEqual([2 * n - 4 + 2, 3]);
  });

  test("bits do not depend on threads", () => {
    const next = numbers(9);
    const whole = ball(20);
    const keep = Tensor.from(
      Uint8Array.from({ length: whole.faces.shape[0]! }, () => (next() < 0.9 ? 1 : 0)),
      [whole.faces.shape[0]!],
      { dtype: "bool" },
    );
    const torn = selectFaces(whole, keep);
    const before = threads();
    const run = (count: number) => {
      setThreads(count);
      return fillHoles(torn, { maxEdges: 40 });
    };
    const [a, b] = [run(1), run(3)];
    setThreads(before);
    expect(b.faces).toEqualTensor(a.faces);
    expect(b.vertices).toEqualTensor(a.vertices);
  });
});

function rows({ faces }: Mesh): number[][] {
  const f = [...faces.toArray()];
  return Array.from({ length: f.length / 3 }, (_, i) => f.slice(3 * i, 3 * i + 3));
}
