import { expect, test } from "bun:test";
import { openingStep, seamSteps, surfaceOf } from "./seams";

test("a cliff of 5 cells on the border is seen across it and not inside", () => {
  const coords: number[] = [];
  const rgb: number[] = [];
  for (let y = 0; y < 3; y++)
    for (let x = 0; x < 4; x++) {
      coords.push(x, y, x < 2 ? 1 : 6);
      rgb.push(x < 2 ? 0.2 : 0.5, 0, 0);
      coords.push(x, y, 0); // below the surface: not seen
      rgb.push(1, 1, 1);
    }
  const surface = surfaceOf(coords, rgb, 4, 3);
  const { across, inside } = seamSteps(surface, [2], []);
  expect(across).toEqual({ height: 5, colour: expect.closeTo(0.1, 6), pairs: 3 });
  expect(inside).toEqual({ height: 0, colour: 0, pairs: 14 });
});

test("pairs inside windows that belong to two coarse cells are counted by themselves too", () => {
  // Heights 0 1 3 6 10 15 along x: steps 1 2 3 4 5; coarse cells of two, a border before x = 4.
  const coords = [0, 1, 3, 6, 10, 15].flatMap((z, x) => [x, 0, z]);
  const { across, inside, between } = seamSteps(surfaceOf(coords, new Float32Array(coords.length), 6, 1), [4], [], 2);
  expect([across.height, inside.height, between.height]).toEqual([4, (1 + 2 + 3 + 5) / 4, 2]);
});

test("empty columns make no pair", () => {
  const { inside } = seamSteps(surfaceOf([0, 0, 1, 2, 0, 4], [0, 0, 0, 0, 0, 0], 3, 1), [], []);
  expect(inside.pairs).toBe(0);
});

test("the opening step is taken between settled and open columns only", () => {
  // Heights 0 1 4 / 0 9 9, the western column settled and in the south the middle one too.
  const coords = [0, 0, 0, 1, 0, 1, 2, 0, 4, 0, 1, 0, 1, 1, 9, 2, 1, 9];
  const surface = surfaceOf(coords, new Float32Array(coords.length), 3, 2);
  expect(openingStep(surface, [1, 1, 0, 1, 0, 0])).toBeCloseTo((3 + 9 + 8) / 3, 6);
  expect(openingStep(surface, [0, 0, 0, 0, 0, 0])).toBeNaN();
});
