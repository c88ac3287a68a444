import { describe, expect, test } from "bun:test";
import "../../test/matchers";
import { peer, runPeer } from "../../test/peers/python";
import { numbers, randomTensor } from "../../test/voxels";
import { Tensor } from "../index";
import { type Mesh, meshPieces, selectFaces } from "./index";

const facesOf = (...corners: number[]) => Tensor.from(Int32Array.from(corners), [corners.length / 3, 3]);
const soup = (faces: number, vertices: number, seed: number): Mesh => {
  const next = numbers(seed);
  return {
    vertices: randomTensor([vertices, 3], seed, "f32"),
    faces: facesOf(...Array.from({ length: 3 * faces }, () => Math.floor(next() * vertices))),
  };
};

/** Spreads the lowest number over what shares a key until nothing changes. */
function spread(faces: number[][], keysOf: (face: number[]) => string[]): number[] {
  const label = faces.map((_, i) => i);
  for (let changed = true; changed; ) {
    changed = false;
    const lowest = new Map<string, number>();
    for (const [i, face] of faces.entries()) for (const key of keysOf(face)) lowest.set(key, Math.min(lowest.get(key) ?? i, label[i]!));
    for (const [i, face] of faces.entries()) {
      const least = Math.min(...keysOf(face).map((key) => lowest.get(key)!));
      if (least < label[i]!) [label[i], changed] = [least, true];
    }
  }
  const numbered = [...new Set(label)];
  return label.map((l) => numbered.indexOf(l));
}

const rows = (faces: Tensor) => Array.from({ length: faces.shape[0]! }, (_, i) => [...faces.toArray().subarray(3 * i, 3 * i + 3)]);
const edgesOf = (f: number[]) => [0, 1, 2].map((k) => `${Math.min(f[k]!, f[(k + 1) % 3]!)} ${Math.max(f[k]!, f[(k + 1) % 3]!)}`);

describe("meshPieces", () => {
  test("two squares that touch at a corner are one piece by vertices and two by edges; areas are theirs", () => {
    const vertices = Tensor.from([9, 9, 9, 0, 0, 0, 2, 0, 0, 2, 2, 0, 0, 2, 0, 3, 2, 0, 3, 4, 0, 2, 4, 0, 7, 7, 7], [9, 3]);
    const faces = facesOf(3, 5, 6, 1, 2, 3, 3, 6, 7, 1, 3, 4);
    const whole = meshPieces({ vertices, faces });
    expect([...whole.pieceOfFace.toArray()]).toEqual([0, 0, 0, 0]);
    expect([...whole.areas.toArray()]).toEqual([6]);
    const parts = meshPieces({ vertices, faces }, { by: "edges" });
    expect([...parts.pieceOfFace.toArray()]).toEqual([0, 1, 0, 1]);
    expect([...parts.areas.toArray()]).toEqual([2, 4]);
    expect([...parts.faceCounts.toArray()]).toEqual([2, 2]);
    expect([...parts.pieceOfVertex.toArray()]).toEqual([-1, 1, 1, 0, 1, 0, 0, 0, -1]);
  });

  for (const seed of [1, 2, 3])
    test(`labels spread over what is shared, numbered by first faces (soup ${seed})`, () => {
      const mesh = soup(60, 120, seed);
      const faces = rows(mesh.faces);
      const byVertices = meshPieces(mesh);
      expect([...byVertices.pieceOfFace.toArray()]).toEqual(spread(faces, (f) => f.map(String)));
      expect([...meshPieces(mesh, { by: "edges" }).pieceOfFace.toArray()]).toEqual(spread(faces, edgesOf));
      const ofVertex = byVertices.pieceOfVertex.toArray();
      for (const [i, face] of faces.entries()) for (const v of face) expect(ofVertex[v]).toBe(byVertices.pieceOfFace.toArray()[i]!);
      expect(ofVertex.filter((piece) => piece < 0).length).toBe(120 - new Set(faces.flat()).size);
    });

  test("no face, faces of one vertex, NaN", () => {
    const none = meshPieces({ vertices: Tensor.zeros([4, 3]), faces: facesOf() });
    expect([none.areas.shape, [...none.pieceOfVertex.toArray()]]).toEqual([[0], [-1, -1, -1, -1]]);
    const odd = meshPieces({ vertices: Tensor.from([0, 0, 0, Number.NaN, 0, 0], [2, 3]), faces: facesOf(0, 0, 0, 1, 1, 1) }, { by: "edges" });
    expect([...odd.pieceOfFace.toArray()]).toEqual([0, 1]);
    expect([...odd.areas.toArray()]).toEqual([0, Number.NaN]);
    expect(() => meshPieces(soup(3, 9, 1), { by: "faces" as "edges" })).toThrow('by must be "vertices" or "edges", got "faces"');
  });

  peer("scipy finds the same pieces of a mesh of 20,000 faces", () => {
    const mesh = soup(20_000, 90_000, 7);
    const theirs = runPeer<number[]>("pieces.py", [], { faces: [...mesh.faces.toArray()], vertices: 90_000 });
    const label = new Map<number, number>();
    for (const piece of theirs) if (!label.has(piece)) label.set(piece, label.size);
    expect([...meshPieces(mesh).pieceOfFace.toArray()]).toEqual(theirs.map((piece) => label.get(piece)!));
    expect(label.size).toBeGreaterThan(1000);
  });
});

describe("selectFaces", () => {
  test("keeps faces and their vertices in order, and says which these were", () => {
    const mesh = soup(30, 40, 4);
    const keep = Tensor.from(
      Uint8Array.from({ length: 30 }, (_, i) => (i % 7 === 2 ? 1 : 0)),
      [30],
      { dtype: "bool" },
    );
    const part = selectFaces(mesh, keep);
    const source = [...part.source.toArray()];
    const kept = rows(mesh.faces).filter((_, i) => i % 7 === 2);
    expect(source).toEqual([...new Set(kept.flat())].sort((a, b) => a - b));
    expect(rows(part.faces).map((face) => face.map((v) => source[v]!))).toEqual(kept);
    expect(part.vertices).toEqualTensor(mesh.vertices.indexSelect(0, part.source));
    const none = selectFaces(mesh, Tensor.zeros([30], { dtype: "bool" }));
    expect([none.vertices.shape, none.faces.shape]).toEqual([
      [0, 3],
      [0, 3],
    ]);
    expect(() => selectFaces(mesh, keep.narrow(0, 0, 20))).toThrow("keep must be bool [30], one a face, got Bool [20]");
  });
});
