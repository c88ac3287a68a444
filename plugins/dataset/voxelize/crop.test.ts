import { describe, expect, test } from "bun:test";
import { Tensor } from "../../../ffi";
import { Lattice } from "../../earth/api";
import { VOXEL_CHANNELS } from "../features/extractor";
import { box, plane } from "../viewpoints/mesh.fixture";
import { type AnnotatedMesh, oneHot, topDown, voxelizeCrop } from "./crop";

/** 16 cells of 12.5 m: a window 200 m high. */
const lattice = new Lattice(16, -50);

function annotated(): AnnotatedMesh {
  const mesh = plane(300, () => 0, 3).with(box([-105, -55, -10], [-80, -30, 260], 4));
  const count = mesh.vertices.length / 3;
  const feats = Float32Array.from({ length: count * VOXEL_CHANNELS }, (_, i) => (i % VOXEL_CHANNELS === VOXEL_CHANNELS - 1 ? 1 : 0));
  return {
    vertices: Tensor.from(mesh.vertices, [count, 3]),
    faces: Tensor.from(mesh.faces, [mesh.faces.length / 3, 3]),
    feats: Tensor.from(feats, [count, VOXEL_CHANNELS]),
    classes: oneHot(Tensor.from(Uint8Array.from({ length: count }, (_, v) => (v < 4 ? 3 : 4)))),
  };
}

describe("voxelizeCrop", () => {
  const voxels = voxelizeCrop(annotated(), lattice, [4, 8], 260);
  const coords = voxels.coords.toArray();
  const rows = Array.from({ length: coords.length / 3 }, (_, i) => [coords[3 * i]!, coords[3 * i + 1]!, coords[3 * i + 2]!] as const);

  test("what rises above the window is cut and counted", () => {
    // The crop begins at (−200, −150) m: the tower's walls and roof touch cells x 7–9, y 7–9; above 150 m lie cells z 16–24 of the walls' ring of 8, and the roof's middle.
    expect(Math.max(...rows.map((r) => r[2]))).toBe(15);
    expect(voxels.cut).toBe(9 * 8 + 1);
    const tower = rows.filter(([, , z]) => z === 15).map(([x, y]) => `${x},${y}`);
    expect(tower.sort()).toEqual(["7,7", "7,8", "7,9", "8,7", "8,9", "9,7", "9,8", "9,9"]);
  });

  test("the maps show the highest voxel of each column, north up", () => {
    const [map, heights] = [voxels.semanticMap.toArray(), voxels.heightMap.toArray()];
    for (let y = 0; y < 16; y++)
      for (let x = 0; x < 16; x++) {
        const ring = x >= 7 && x <= 9 && y >= 7 && y <= 9 && !(x === 8 && y === 8); // the roof is cut, so its middle shows the ground
        expect([map[(15 - y) * 16 + x], heights[(15 - y) * 16 + x]]).toEqual(ring ? [4, 15] : [3, 4]);
      }
  });
});

test("topDown leaves empty columns at −1 and brings the highest voxel's index", () => {
  const { index, height } = topDown(Tensor.from(Int32Array.of(0, 0, 5, 2, 1, 3, 0, 0, 7, 0, 0, 6), [4, 3]), 3);
  expect(Array.from(index.toArray())).toEqual([-1, -1, -1, -1, -1, 1, 2, -1, -1]);
  expect(Array.from(height.toArray())).toEqual([-1, -1, -1, -1, -1, 3, 7, -1, -1]);
});
