import { describe, expect, test } from "bun:test";
import { type Camera, lookAt, project } from "../../earth/api";
import { emptyCondition, imageCondition, STRUCT_CONDITION_CHANNELS, semanticCondition } from "./struct-condition";

const CLASSES = 26;

describe("semanticCondition", () => {
  test("an F on the map stands on the plane z = L/2 with north up", () => {
    const map = Uint8Array.from([0, 4, 4, 4, 0, 4, 0, 0, 0, 4, 4, 0, 0, 4, 0, 0]);
    const { voxels } = semanticCondition(map, 4);
    const built = new Set<string>();
    for (let i = 0; i < 16; i++) {
      const [x, y, z] = voxels.coords.subarray(3 * i, 3 * i + 3);
      expect(z).toBe(2);
      const channels = voxels.feats.subarray(i * STRUCT_CONDITION_CHANNELS, (i + 1) * STRUCT_CONDITION_CHANNELS);
      expect(channels.reduce((a, b) => a + b)).toBe(1);
      if (channels[4] === 1) built.add(`${x},${y}`);
    }
    // The F's long stroke is the column x = 1; its top bar lies in the north, y = 3.
    expect(built).toEqual(new Set(["1,3", "2,3", "3,3", "1,2", "1,1", "2,1", "1,0"]));
  });

  test("nothing is a plane of unlabelled cells; an unknown class and a wrong size are refused", () => {
    const { voxels } = emptyCondition(4);
    expect(Array.from({ length: 16 }, (_, i) => voxels.feats[i * STRUCT_CONDITION_CHANNELS])).toEqual(Array(16).fill(1));
    expect(() => semanticCondition(new Uint8Array(16).fill(26), 4)).toThrow("class 26");
    expect(() => semanticCondition(new Uint8Array(15), 4)).toThrow("15 cells");
  });
});

describe("imageCondition", () => {
  const camera: Camera = { c2w: lookAt([30, -20, 60], [5, 4, 0]), fx: 50, fy: 50, cx: 16, cy: 12, width: 32, height: 24 };

  test("a point seen by a known camera comes back to its own cell with its pixel's colour", () => {
    const lattice = { origin_m: [-8, -8, -8] as const, voxel_m: 2, extent: 16 };
    const point = [5, 4, 0] as const;
    const { x, y, depth } = project(camera, [...point]);
    const [column, row] = [Math.floor(x), Math.floor(y)];
    const size = camera.width * camera.height;
    const view = {
      ...{ width: camera.width, height: camera.height, rgb: new Uint8Array(3 * size), depth: new Float32Array(size) },
      c2w: Float32Array.from(camera.c2w),
      intrinsics: Float32Array.of(camera.fx, camera.fy, camera.cx, camera.cy),
    };
    view.depth[row * camera.width + column] = depth;
    view.rgb.set([255, 51, 0], 3 * (row * camera.width + column));
    const { voxels } = imageCondition(view, lattice);
    expect(Array.from(voxels.coords)).toEqual(point.map((value, axis) => Math.floor((value - lattice.origin_m[axis]!) / 2)));
    expect(voxels.feats[CLASSES]).toBeCloseTo(1, 6);
    expect(voxels.feats[CLASSES + 1]).toBeCloseTo(0.2, 6);
    expect(voxels.feats.slice(0, CLASSES).every((value) => value === 0)).toBe(true);
  });

  test("pixels of one cell are averaged, those outside the lattice and without depth left out", () => {
    // Straight down from 10 m; one pixel covers 1 m.
    const view = {
      ...{ width: 4, height: 4, rgb: new Uint8Array(48), depth: new Float32Array(16).fill(10) },
      c2w: Float32Array.from(lookAt([0, 0, 10], [0, 0, 0])),
      intrinsics: Float32Array.of(10, 10, 2, 2),
      normal: new Int8Array(48).map((_, i) => (i % 3 === 2 ? 127 : 0)),
    };
    view.rgb.set([100, 0, 0], 0);
    view.rgb.set([200, 0, 0], 3);
    view.depth[15] = 0;
    const { voxels } = imageCondition(view, { origin_m: [-2, 0, -1], voxel_m: 2, extent: 1 });
    expect(Array.from(voxels.coords)).toEqual([0, 0, 0]);
    expect(voxels.feats[CLASSES]).toBeCloseTo(75 / 255, 6);
    expect(Array.from(voxels.normals!)).toEqual([0, 0, 1]);
  });
});
