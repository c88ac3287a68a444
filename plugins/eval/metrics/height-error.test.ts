import { expect, test } from "bun:test";
import type { VoxelWindow } from "../../../cli/plugin";
import { heightError } from "./height-error";

const voxels = (...cells: [number, number, number][]): VoxelWindow => ({
  coords: Int32Array.from(cells.flat()),
  rgb: new Uint8Array(3 * cells.length),
});
const crop = { crop: "a.0", condition: "own map", extent: 4, voxel_m: 2.5, map: new Uint8Array(16) };

test("the mean over columns that both have, in metres, of their highest voxels", async () => {
  const truth = voxels([0, 0, 3], [0, 0, 7], [1, 0, 2], [3, 2, 5]);
  const drawn = voxels([0, 0, 6], [1, 0, 6], [2, 2, 1]); // one cell too low, four too high, and two columns that only one of them has
  expect(await heightError.measure({ ...crop, truth, drawn })).toBeCloseTo(2.5 * 2.5, 6);
  expect(await heightError.measure({ ...crop, truth, drawn: truth })).toBe(0);
});

test("scenes without a column in common give no number", async () => {
  expect(await heightError.measure({ ...crop, truth: voxels([0, 0, 1]), drawn: voxels([0, 1, 1]) })).toBeNaN();
});
