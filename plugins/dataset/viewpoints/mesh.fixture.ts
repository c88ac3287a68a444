/** Small meshes with known shapes, for tests. */
import type { SceneMesh } from "./surface-grid";

export interface FixtureMesh extends SceneMesh {
  /** Both meshes in one. */
  with(other: SceneMesh): FixtureMesh;
}

function fixture(mesh: SceneMesh): FixtureMesh {
  return {
    ...mesh,
    with: (other) => {
      const first = mesh.vertices.length / 3;
      return fixture({
        vertices: Float32Array.of(...mesh.vertices, ...other.vertices),
        faces: Int32Array.of(...mesh.faces, ...other.faces.map((v) => v + first)),
        faceClass: Uint8Array.of(...mesh.faceClass, ...other.faceClass),
      });
    },
  };
}

/** A square of half-width `half_m` about the origin, two triangles, z = height(x, y) at its corners. */
export function plane(half_m: number, height: (x: number, y: number) => number, landClass: number): FixtureMesh {
  const corners = [
    [-half_m, -half_m],
    [half_m, -half_m],
    [half_m, half_m],
    [-half_m, half_m],
  ] as const;
  return fixture({
    vertices: Float32Array.from(corners.flatMap(([x, y]) => [x, y, height(x, y)])),
    faces: Int32Array.of(0, 1, 2, 0, 2, 3),
    faceClass: Uint8Array.of(landClass, landClass),
  });
}

/** A closed box, counter-clockwise from outside. */
export function box(low: readonly [number, number, number], high: readonly [number, number, number], landClass: number): FixtureMesh {
  const corner = (i: number) => [i & 1 ? high[0] : low[0], i & 2 ? high[1] : low[1], i & 4 ? high[2] : low[2]];
  const quads = [
    [0, 2, 3, 1],
    [4, 5, 7, 6],
    [0, 1, 5, 4],
    [2, 6, 7, 3],
    [0, 4, 6, 2],
    [1, 3, 7, 5],
  ] as const;
  return fixture({
    vertices: Float32Array.from([0, 1, 2, 3, 4, 5, 6, 7].flatMap(corner)),
    faces: Int32Array.from(quads.flatMap(([a, b, c, d]) => [a, b, c, a, c, d])),
    faceClass: new Uint8Array(12).fill(landClass),
  });
}
