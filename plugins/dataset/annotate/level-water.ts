/**
 * Makes bodies of water level: "we refine the mesh for water regions using the average height of water edge to land".
 *
 * A body is what hangs together by faces of class Water. Its edge are the vertices that it shares with other faces. A body whose edge climbs more than a tolerance is a river down a slope and is left alone.
 */
import { classId } from "../../earth/api";

const WATER = classId("Water");

/**
 * @param vertices [V, 3], changed in place
 * @returns how many bodies were levelled
 */
export function levelWater(mesh: { vertices: Float32Array; faces: Int32Array; faceClass: Uint8Array }, tolerance_m: number): number {
  const { vertices, faces, faceClass } = mesh;
  const parent = Int32Array.from({ length: vertices.length / 3 }, (_, v) => v);
  const root = (v: number): number => {
    let at = v;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]!]!;
      at = parent[at]!;
    }
    return at;
  };
  const wet = new Uint8Array(parent.length);
  const dry = new Uint8Array(parent.length);
  for (let f = 0; f < faceClass.length; f++) {
    const [a, b, c] = [faces[3 * f]!, faces[3 * f + 1]!, faces[3 * f + 2]!];
    const mark = faceClass[f] === WATER ? wet : dry;
    mark[a] = mark[b] = mark[c] = 1;
    if (mark === dry) continue;
    for (const v of [b, c]) {
      const [p, q] = [root(a), root(v)];
      if (p !== q) parent[Math.max(p, q)] = Math.min(p, q);
    }
  }
  const edges = new Map<number, { sum: number; count: number; low: number; high: number }>();
  for (let v = 0; v < parent.length; v++) {
    if (!(wet[v] && dry[v])) continue;
    const z = vertices[3 * v + 2]!;
    const edge = edges.get(root(v)) ?? { sum: 0, count: 0, low: Infinity, high: -Infinity };
    edges.set(root(v), { sum: edge.sum + z, count: edge.count + 1, low: Math.min(edge.low, z), high: Math.max(edge.high, z) });
  }
  const level = new Map([...edges].filter(([, e]) => e.high - e.low <= tolerance_m).map(([body, e]) => [body, e.sum / e.count]));
  for (let v = 0; v < parent.length; v++) {
    const z = wet[v] ? level.get(root(v)) : undefined;
    if (z !== undefined) vertices[3 * v + 2] = z;
  }
  return level.size;
}
