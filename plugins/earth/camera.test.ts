import { describe, expect, test } from "bun:test";
import { type Camera, flipHorizontally, intrinsicsFromFov, lookAt, opencvWorldToCamera, openglFromOpencv, project, unproject } from "./camera";
import { EnuFrame } from "./frame";
import type { Vec3 } from "./vector";

/** An F of painted points, 40 m high, standing on the ground north of the origin: unlike its mirror images. */
const F: Vec3[] = [
  [-10, 100, 0],
  [-10, 100, 20],
  [-10, 100, 40],
  [0, 100, 20],
  [5, 100, 40],
  [15, 100, 40],
];

describe("a painted asymmetric scene", () => {
  // By hand: the camera stands at (3, −20, 25), looks level to the north; f = 200 px, principal point (160, 120). A point at (x, 100, z) is 120 m ahead: column 160 + 200 (x − 3)/120, row 120 − 200 (z − 25)/120.
  const camera: Camera = { c2w: lookAt([3, -20, 25], [3, 100, 25]), fx: 200, fy: 200, cx: 160, cy: 120, width: 320, height: 240 };
  test("lands where arithmetic by hand puts it, within 0.1 px", () => {
    for (const point of F) {
      const seen = project(camera, point);
      expect(Math.abs(seen.x - (160 + (200 * (point[0] - 3)) / 120))).toBeLessThan(0.1);
      expect(Math.abs(seen.y - (120 - (200 * (point[2] - 25)) / 120))).toBeLessThan(0.1);
      expect(seen.depth).toBeCloseTo(120, 9);
    }
  });

  test("the top of the F is up in the picture and its arms point right", () => {
    expect(project(camera, F[2]!).y).toBeLessThan(project(camera, F[0]!).y);
    expect(project(camera, F[5]!).x).toBeGreaterThan(project(camera, F[2]!).x);
  });

  test("by way of latitude and longitude it lands on the same pixel", () => {
    const frame = new EnuFrame({ lat: 47.3, lon: 9.1, h: 430 });
    for (const point of F) {
      const there = frame.fromGeodetic(frame.toGeodetic(point));
      expect(Math.abs(project(camera, there).x - project(camera, point).x)).toBeLessThan(1e-4);
    }
  });
});

test("an oblique camera: a recorded projection by numpy in the OpenCV convention", () => {
  // numpy: C = (40, −60, 80), target (5, 10, 2); z = unit(target − C), x = unit(z × up), y = z × x; pixel = K [R | −R C] p for p = (−7, 3, 11), K = [[300, 0, 128], [0, 310, 96]].
  const camera: Camera = { c2w: lookAt([40, -60, 80], [5, 10, 2]), fx: 300, fy: 310, cx: 128, cy: 96, width: 256, height: 192 };
  const seen = project(camera, [-7, 3, 11]);
  expect(seen.x).toBeCloseTo(87.8185, 3);
  expect(seen.y).toBeCloseTo(78.7993, 3);
  expect(seen.depth).toBeCloseTo(103.5076, 3);
});

test("looking straight down, north is at the top of the picture and east on the right", () => {
  const camera: Camera = { c2w: lookAt([0, 0, 500], [0, 0, 0]), ...intrinsicsFromFov(Math.PI / 3, 200, 100) };
  const [centre, north, east] = [project(camera, [0, 0, 0]), project(camera, [0, 50, 0]), project(camera, [50, 0, 0])];
  expect(north.y).toBeLessThan(centre.y);
  expect(north.x).toBeCloseTo(centre.x, 9);
  expect(east.x).toBeGreaterThan(centre.x);
  expect(project(camera, [0, Math.tan(Math.PI / 6) * 500, 0]).y).toBeCloseTo(0, 9); // half the angle of view is the picture's edge
});

test("unproject undoes project, and the OpenCV matrix converts back", () => {
  const camera: Camera = { c2w: lookAt([40, -60, 80], [5, 10, 2]), fx: 300, fy: 310, cx: 128, cy: 96, width: 256, height: 192 };
  const { x, y, depth } = project(camera, [-7, 3, 11]);
  for (const [i, value] of unproject(camera, x, y, depth).entries()) expect(value).toBeCloseTo([-7, 3, 11][i]!, 9);
  for (const [i, value] of openglFromOpencv(opencvWorldToCamera(camera.c2w)).entries()) expect(value).toBeCloseTo(camera.c2w[i]!, 12);
});

test("the mirrored camera sees the mirrored scene in the mirrored picture", () => {
  const camera: Camera = { c2w: lookAt([40, -60, 80], [5, 10, 2]), fx: 300, fy: 310, cx: 120, cy: 96, width: 256, height: 192 };
  const mirrored = flipHorizontally(camera, 25);
  for (const [x, y, z] of F) {
    const [a, b] = [project(camera, [x, y, z]), project(mirrored, [50 - x, y, z])];
    expect(b.x).toBeCloseTo(camera.width - a.x, 9);
    expect(b.y).toBeCloseTo(a.y, 9);
    expect(b.depth).toBeCloseTo(a.depth, 9);
  }
});
