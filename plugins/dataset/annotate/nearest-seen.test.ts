import { describe, expect, test } from "bun:test";
import { nearestSeen } from "./nearest-seen";

/** A bumpy sheet, with a column far from it. */
function cloud(count: number): Float32Array {
  let state = 12345;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return Float32Array.from({ length: 3 * count }, (_, i) => {
    const [v, k] = [Math.floor(i / 3), i % 3];
    if (v % 50 === 0) return [400, -300, 200 * random()][k]!;
    return k === 2 ? 10 * random() : 500 * random() - 250;
  });
}

describe("nearestSeen", () => {
  for (const hidden of [0.02, 0.5, 0.995])
    test(`equals a search through all (${100 * hidden} % unseen)`, () => {
      const vertices = cloud(1500);
      const seen = Uint8Array.from({ length: 1500 }, (_, v) => ((v * 7919) % 1000 < hidden * 1000 ? 0 : 1));
      const found = nearestSeen(vertices, seen);
      const squared = (a: number, b: number) => [0, 1, 2].reduce((sum, k) => sum + (vertices[3 * a + k]! - vertices[3 * b + k]!) ** 2, 0);
      for (let v = 0; v < 1500; v++) {
        let best = -1;
        for (let u = 0; u < 1500; u++) if (seen[u] && (best < 0 || squared(u, v) < squared(best, v))) best = u;
        expect(found[v]).toBe(seen[v] ? v : best);
      }
    });

  test("nothing seen is refused", () => {
    expect(() => nearestSeen(cloud(3), new Uint8Array(3))).toThrow("no view saw");
  });
});

test("a mesh of which only a far corner was seen takes no longer than its size", () => {
  const vertices = cloud(30_000);
  const seen = Uint8Array.from({ length: 30_000 }, (_, v) => (vertices[3 * v]! < -200 && vertices[3 * v + 1]! < -200 ? 1 : 0));
  const started = performance.now();
  nearestSeen(vertices, seen);
  expect(performance.now() - started).toBeLessThan(15_000); // a search ring by ring takes minutes
}, 30_000);
