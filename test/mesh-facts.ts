/** What a mesh is, counted face by face in double: for tests of what makes and mends meshes. */
import type { Mesh } from "../ffi/mesh";

export interface MeshFacts {
  vertices: number;
  edges: number;
  faces: number;
  /** vertices − edges + faces, of vertices that a face has */
  euler: number;
  area: number;
  /** Enclosed, by the divergence theorem; positive where faces look outward. */
  volume: number;
  /** Edges with one face. */
  openEdges: number;
  /** Edges with more than two faces, or two that go the same way round. */
  badEdges: number;
  /** Vertices whose faces are not one fan. */
  badVertices: number;
  /** Faces that name a vertex twice. */
  badFaces: number;
}

export function meshFacts(mesh: Mesh): MeshFacts {
  const v = mesh.vertices.toArray();
  const f = mesh.faces.toArray();
  const count = mesh.vertices.shape[0]!;
  const directed = new Map<number, number>();
  const around = new Map<number, [number, number][]>(); // vertex → the opposite edges of its faces
  let [area, volume, badFaces] = [0, 0, 0];
  for (let face = 0; face < f.length / 3; ++face) {
    const [a, b, c] = [f[3 * face]!, f[3 * face + 1]!, f[3 * face + 2]!];
    if (a === b || b === c || c === a) badFaces++;
    for (const [p, q, r] of [
      [a, b, c],
      [b, c, a],
      [c, a, b],
    ] as const) {
      directed.set(p * count + q, (directed.get(p * count + q) ?? 0) + 1);
      const edges = around.get(p);
      if (edges) edges.push([q, r]);
      else around.set(p, [[q, r]]);
    }
    const [p, q, r] = [a, b, c].map((i) => [v[3 * i]!, v[3 * i + 1]!, v[3 * i + 2]!]) as [number[], number[], number[]];
    const [ux, uy, uz] = [q[0]! - p[0]!, q[1]! - p[1]!, q[2]! - p[2]!];
    const [wx, wy, wz] = [r[0]! - p[0]!, r[1]! - p[1]!, r[2]! - p[2]!];
    const normal = [uy * wz - uz * wy, uz * wx - ux * wz, ux * wy - uy * wx];
    area += Math.hypot(...normal) / 2;
    volume += (p[0]! * normal[0]! + p[1]! * normal[1]! + p[2]! * normal[2]!) / 6;
  }
  let [edges, openEdges, badEdges, badVertices] = [0, 0, 0, 0];
  for (const [key, times] of directed) {
    const [p, q] = [Math.floor(key / count), key % count];
    const back = directed.get(q * count + p) ?? 0;
    if (times > 1 || back > 1) badEdges++;
    if (back === 0) openEdges++;
    if (back === 0 || p < q) edges++;
  }
  for (const spokes of around.values()) {
    const next = new Map(spokes);
    const starts = spokes.map(([q]) => q).filter((q) => !spokes.some(([, r]) => r === q));
    let at = starts[0] ?? spokes[0]![0];
    let passed = 0;
    for (const first = at; next.has(at) && passed < spokes.length; ) {
      at = next.get(at)!;
      passed++;
      if (at === first) break;
    }
    if (passed < spokes.length) badVertices++;
  }
  return {
    vertices: count,
    edges,
    faces: f.length / 3,
    euler: around.size - edges + f.length / 3,
    area,
    volume,
    openEdges,
    badEdges,
    badVertices,
    badFaces,
  };
}
