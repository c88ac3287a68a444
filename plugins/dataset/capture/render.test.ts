import { beforeAll, describe, expect, test } from "bun:test";
import { type Camera, classId, intrinsicsFromFov, lookAt, project, unproject, type Vec3 } from "../../earth/api";
import { isLetter, letterF, letterFTensors, PAINT, ROOF } from "./letter-f.fixture";
import { sunDirection } from "./light";
import { SceneRenderer, type Views } from "./render";

const [WIDTH, HEIGHT] = [160, 120];
const LIGHT = { azimuth_deg: 150, elevation_deg: 50, ambient: 0.5, sun: 0.65, shadow_m: 0.5 };
const camera = (eye: Vec3, target: Vec3): Camera => ({ c2w: lookAt(eye, target), ...intrinsicsFromFov((50 * Math.PI) / 180, WIDTH, HEIGHT) });
const cameras = [camera([0, 0, 500], [0, 0, 0]), camera([250, -300, 180], [0, 0, 0]), camera([0, -395, 20], [0, 0, 30])];

/** Where the ray of a pixel meets the scene, worked out without a rasteriser: the roof, the walls that face the camera, the ground. */
function hitOf(view: Camera, column: number, row: number): { point: Vec3; normal: Vec3 } | undefined {
  const eye: Vec3 = [view.c2w[3]!, view.c2w[7]!, view.c2w[11]!];
  const far = unproject(view, column + 0.5, row + 0.5, 1);
  const d: Vec3 = [far[0] - eye[0], far[1] - eye[1], far[2] - eye[2]];
  const hits: { t: number; normal: Vec3 }[] = [];
  const at = (t: number): Vec3 => [eye[0] + t * d[0], eye[1] + t * d[1], eye[2] + t * d[2]];
  const inside = (v: number, a: number, b: number) => v >= a && v <= b;
  const ground = -eye[2] / d[2];
  if (ground > 0 && inside(at(ground)[0], -400, 400) && inside(at(ground)[1], -400, 400)) hits.push({ t: ground, normal: [0, 0, 1] });
  const roof = (ROOF.height_m - eye[2]) / d[2];
  if (roof > 0 && inside(at(roof)[0], ROOF.west, ROOF.east) && inside(at(roof)[1], ROOF.south, ROOF.north)) hits.push({ t: roof, normal: [0, 0, 1] });
  for (const [axis, value, normal] of [
    [0, ROOF.west, [-1, 0, 0]],
    [0, ROOF.east, [1, 0, 0]],
    [1, ROOF.south, [0, -1, 0]],
    [1, ROOF.north, [0, 1, 0]],
  ] as [0 | 1, number, Vec3][]) {
    const t = (value - eye[axis]) / d[axis];
    const p = at(t);
    const [low, high] = axis === 0 ? [ROOF.south, ROOF.north] : [ROOF.west, ROOF.east];
    if (t > 0 && inside(p[1 - axis]!, low, high) && inside(p[2], 0, ROOF.height_m)) hits.push({ t, normal });
  }
  const first = hits.sort((a, b) => a.t - b.t)[0];
  return first && { point: at(first.t), normal: first.normal };
}

describe("SceneRenderer on the letter F", () => {
  let views: Views;
  let arrays: { rgb: Uint8Array; depth: Float32Array; normal: Int8Array; semantic: Uint8Array };
  beforeAll(() => {
    views = new SceneRenderer(letterFTensors(letterF()), LIGHT).render(cameras, 1);
    arrays = {
      rgb: views.rgb.toArray() as Uint8Array,
      depth: views.depth.toArray() as Float32Array,
      normal: views.normal.toArray() as Int8Array,
      semantic: views.semantic.toArray() as Uint8Array,
    };
  }, 60_000);

  test("class, depth and normal of every pixel are what the ray meets", () => {
    let wrong = 0;
    for (const [v, view] of cameras.entries())
      for (let row = 0; row < HEIGHT; row++)
        for (let column = 0; column < WIDTH; column++) {
          const pixel = (v * HEIGHT + row) * WIDTH + column;
          const hit = hitOf(view, column, row);
          if (!hit) {
            if (arrays.depth[pixel] !== 0 || arrays.semantic[pixel] !== 0 || arrays.normal[3 * pixel + 2] !== 0) wrong++;
            continue;
          }
          const [x, y, z] = hit.point;
          const expected = z > 1 || hit.normal[2] === 0 ? "Building" : isLetter(x, y) ? "Road" : "Grassland";
          const depth = project(view, hit.point).depth;
          const normal = hit.normal.every((n, k) => Math.round(127 * n) === arrays.normal[3 * pixel + k]);
          if (arrays.semantic[pixel] !== classId(expected) || Math.abs(arrays.depth[pixel]! - depth) > 1e-3 * depth || !normal) wrong++;
        }
    expect(wrong).toBeLessThan(6); // rays that meet an edge to the last digit
  });

  test("from above, north is up and east is right: the F reads as an F", () => {
    const classAt = (x: number, y: number) => {
      const p = project(cameras[0]!, [x, y, 0]);
      return arrays.semantic[Math.floor(p.y) * WIDTH + Math.floor(p.x)];
    };
    expect([classAt(-100, -140), classAt(-100, 140), classAt(100, 140), classAt(20, 0)]).toEqual(new Array(4).fill(classId("Road")));
    expect([classAt(100, -140), classAt(100, 0), classAt(-140, 140), classAt(0, 70)]).toEqual(new Array(4).fill(classId("Grassland")));
    const top = [140, -140].map((y) => project(cameras[0]!, [0, y, 0]).y);
    expect(top[0]!).toBeLessThan(top[1]!);
  });

  test("level ground in the sun is its colour × (ambient + sun · sin elevation); in the shadow of the building it is its colour × ambient", () => {
    const [dx, dy, dz] = sunDirection(LIGHT);
    const at = (x: number, y: number) => {
      const p = project(cameras[0]!, [x, y, 0]);
      const pixel = Math.floor(p.y) * WIDTH + Math.floor(p.x);
      return Array.from(arrays.rgb.subarray(3 * pixel, 3 * pixel + 3));
    };
    const expected = (rgb: readonly number[], sun: number) => rgb.map((c) => Math.round(255 * Math.min(1, c * (LIGHT.ambient + LIGHT.sun * sun))));
    expect(at(0, 70)).toEqual(expected(PAINT.grass, dz));
    expect(at(20, 0)).toEqual(expected(PAINT.road, dz));
    const length = (ROOF.height_m / dz) * Math.hypot(dx, dy);
    const away = [-dx / Math.hypot(dx, dy), -dy / Math.hypot(dx, dy)] as const;
    const shade = [(ROOF.west + ROOF.east) / 2 + away[0] * 0.6 * length, ROOF.north + away[1] * 0.6 * length] as const;
    expect(away[1]).toBeGreaterThan(0); // the sun stands in the south-east, so shadows fall to the north-west
    expect(away[0]).toBeLessThan(0);
    expect(at(...shade)).toEqual(expected(PAINT.grass, 0));
  });

  test("the sky is blue and has no depth", () => {
    const pixel = (2 * HEIGHT + 1) * WIDTH + 80;
    expect(arrays.depth[pixel]).toBe(0);
    expect(Array.from(arrays.rgb.subarray(3 * pixel, 3 * pixel + 3))).toEqual([158, 194, 235]);
  });

  test("supersampling keeps the middle of surfaces and mixes their borders", () => {
    const fine = new SceneRenderer(letterFTensors(letterF()), LIGHT).render(cameras.slice(0, 1), 3).rgb.toArray() as Uint8Array;
    const differ = Array.from({ length: WIDTH * HEIGHT }, (_, p) => [0, 1, 2].some((k) => fine[3 * p + k] !== arrays.rgb[3 * p + k])).filter(
      Boolean,
    ).length;
    expect(differ).toBeGreaterThan(100);
    expect(differ).toBeLessThan(0.15 * WIDTH * HEIGHT);
  }, 30_000);
});
