import { expect, test } from "bun:test";
import { seamSteps, surfaceOf } from "./seams";

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

test("empty columns make no pair", () => {
  const { inside } = seamSteps(surfaceOf([0, 0, 1, 2, 0, 4], [0, 0, 0, 0, 0, 0], 3, 1), [], []);
  expect(inside.pairs).toBe(0);
});
