import { describe, expect, test } from "bun:test";
import { Random } from "../noise";
import { Canvas, type XY } from "./canvas";
import { seaMask } from "./coast";

/** Even–odd by crossing numbers, straight from the definition. */
function inside(ring: readonly XY[], x: number, y: number): boolean {
  let crossings = 0;
  for (let i = 0; i < ring.length; i++) {
    const [[ax, ay], [bx, by]] = [ring[i]!, ring[(i + 1) % ring.length]!];
    if (ay > y !== by > y && ax + ((y - ay) / (by - ay)) * (bx - ax) > x) crossings++;
  }
  return crossings % 2 === 1;
}

const star = (seed: number): XY[] => {
  const random = new Random(seed, 5);
  return Array.from({ length: 24 }, (_, i): XY => {
    const radius = random.uniform(12, 45);
    const angle = ((i + random.uniform(0, 0.8)) * 2 * Math.PI) / 24;
    return [3 + radius * Math.cos(angle), -2 + radius * Math.sin(angle)];
  });
};

describe("the canvas", () => {
  test("a polygon with a hole fills the squares whose centres lie in it", () => {
    const canvas = new Canvas(50, 0.9765625);
    const rings = [star(1), star(2).map(([x, y]): XY => [x / 4, y / 4])];
    const hit = new Set<number>();
    canvas.polygon(rings, (i) => hit.add(i));
    for (let i = 0; i < canvas.n ** 2; i++) {
      const [x, y] = [canvas.centre(i % canvas.n), canvas.centre(Math.floor(i / canvas.n))];
      expect(hit.has(i)).toBe(inside(rings[0]!, x, y) !== inside(rings[1]!, x, y));
    }
  });

  test("a stroke covers its length times its width, and its round ends", () => {
    const canvas = new Canvas(50, 0.25);
    const hit = new Set<number>();
    canvas.stroke(
      [
        [-20, -10],
        [20, 20],
      ],
      4,
      (i) => hit.add(i),
    );
    expect(hit.size * 0.25 ** 2).toBeCloseTo(50 * 8 + Math.PI * 16, -1);
    expect(hit.has(canvas.indexAt(0, 5))).toBe(true);
    expect(hit.has(canvas.indexAt(5, 0))).toBe(false);
  });
});

describe("coastlines: land on the left, sea on the right", () => {
  for (const seed of [3, 4, 5])
    test(`a ragged island (${seed}) is land and all round it is sea; reversed it is a bay`, () => {
      const canvas = new Canvas(60, 1.5);
      const ring = star(seed); // counter-clockwise: land inside
      const island = seaMask(canvas, [[...ring, ring[0]!]]);
      const bay = seaMask(canvas, [[...ring, ring[0]!].reverse()]);
      let wrong = 0;
      for (let i = 0; i < island.length; i++) {
        const is = inside(ring, canvas.centre(i % canvas.n), canvas.centre(Math.floor(i / canvas.n)));
        if (island[i] === (is ? 1 : 0)) wrong++;
        expect(bay[i]).toBe(1 - island[i]!);
      }
      expect(wrong / island.length).toBeLessThan(0.002);
    });

  test("a coast that ends in the picture's sides, cut into ways; and one that passes outside", () => {
    const canvas = new Canvas(50, 1);
    const coast: XY[][] = [
      [
        [80, 10],
        [0, 0],
      ],
      [
        [0, 0],
        [-80, -20],
      ],
    ]; // westwards: land in the south, sea in the north
    const mask = seaMask(canvas, coast);
    expect(mask[canvas.indexAt(0, 30)]).toBe(1);
    expect(mask[canvas.indexAt(0, -30)]).toBe(0);
    expect(
      seaMask(canvas, [
        [
          [200, -400],
          [200, 400],
        ],
      ]).every((v) => v === 0),
    ).toBe(true); // northwards in the east: land on its left
    expect(
      seaMask(canvas, [
        [
          [200, 400],
          [200, -400],
        ],
      ]).every((v) => v === 1),
    ).toBe(true);
    expect(seaMask(canvas, []).every((v) => v === 0)).toBe(true);
  });
});
