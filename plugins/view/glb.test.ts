import { expect, test } from "bun:test";
import { NodeIO } from "@gltf-transform/core";
import { georeference } from "../earth/api";
import { encodeGlb } from "./glb";
import { voxelSurface } from "./voxel-surface";
import type { Voxels } from "./voxels";

/** An L of four cells and a loner: 5 cells, 18 + 6 faces by hand. */
const voxels: Voxels = {
  coords: Int16Array.of(0, 0, 0, 1, 0, 0, 2, 0, 0, 2, 0, 1, -3, 5, 7),
  rgb: Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 128, 128, 128, 9, 8, 7),
  voxel_m: 0.5,
  corner_m: [10, 20, 30],
};

/** Signed volume by the divergence theorem: right only when every face is there once and turns outwards. */
function volume(triangles: number[][][]): number {
  return triangles.reduce((sum, [a, b, c]) => {
    const [ax, ay, az] = a!;
    const [bx, by, bz] = b!;
    const [cx, cy, cz] = c!;
    return sum + (ax! * (by! * cz! - bz! * cy!) + ay! * (bz! * cx! - bx! * cz!) + az! * (bx! * cy! - by! * cx!)) / 6;
  }, 0);
}

test("the surface encloses exactly the cells, seen from outside", () => {
  const { positions, voxel } = voxelSurface(voxels);
  expect(voxel.length).toBe(24);
  const corner = (q: number, c: number) => [...positions.subarray(12 * q + 3 * c, 12 * q + 3 * c + 3)];
  const triangles = Array.from(voxel, (_, q) => [
    [corner(q, 0), corner(q, 1), corner(q, 2)],
    [corner(q, 0), corner(q, 2), corner(q, 3)],
  ]).flat();
  expect(volume(triangles)).toBeCloseTo(5 * 0.5 ** 3, 3);
});

test("a GLB read back by the library: y up, east stays, north is −z, colours linear, attribution kept", async () => {
  const place = georeference({ lat: 43.7, lon: 7.4, h: 12 }, "egm96", ["© OpenStreetMap contributors"]);
  const document = await new NodeIO().readBinary(await encodeGlb(voxels, place));
  const primitive = document.getRoot().listMeshes()[0]!.listPrimitives()[0]!;
  const position = primitive.getAttribute("POSITION")!;
  expect(position.getNormalized()).toBe(false);
  expect(position.getMin([])).toEqual([10 - 1.5, 30, -(20 + 3)]);
  expect(position.getMax([])).toEqual([10 + 1.5, 30 + 4, -20]);
  const indices = primitive.getIndices()!.getArray()!;
  const triangles = Array.from({ length: indices.length / 3 }, (_, t) => [0, 1, 2].map((k) => position.getElement(indices[3 * t + k]!, [])));
  expect(volume(triangles)).toBeCloseTo(0.625, 3);
  const colour = primitive.getAttribute("COLOR_0")!;
  const grey = Array.from({ length: colour.getCount() }, (_, i) => colour.getElement(i, [])).find(
    (c) => c[0] === c[1] && c[0]! > 0.1 && c[0]! < 0.9,
  )!;
  expect(grey[0]).toBeCloseTo(0.2158605, 4); // sRGB 128 in linear light, IEC 61966-2-1
  expect(document.getRoot().getAsset().copyright).toBe("© OpenStreetMap contributors");
  expect(document.getRoot().listScenes()[0]!.getExtras()).toEqual({ georeference: place });
});
