import { expect, test } from "bun:test";
import { letterF, letterFTensors, ROOF } from "./letter-f.fixture";
import { parallelView } from "./parallel-view";

test("from above the whole mesh is in the picture, its rows running one way and its heights right", () => {
  const scene = letterF();
  const { vertices, faces } = letterFTensors(scene);
  const { face, away, width, height, pixel_m, low } = parallelView(vertices, faces, [0, 0, 1], 10);
  expect([width, height]).toEqual([81, 81]);
  expect([...low]).toEqual([-400, -400]);
  const [faces_P, away_P] = [face.toArray(), away.toArray()];
  for (let row = 0; row < 80; row++)
    for (let column = 0; column < 80; column++) {
      const [x, y] = [low[0] + (column + 0.5) * pixel_m, -(low[1] + (row + 0.5) * pixel_m)]; // rows run south
      const roof = x > ROOF.west && x < ROOF.east && y > ROOF.south && y < ROOF.north;
      expect(faces_P[row * width + column]).toBeGreaterThanOrEqual(0);
      expect(away_P[row * width + column]).toBeCloseTo(roof ? -ROOF.height_m : 0, 3);
    }
});
