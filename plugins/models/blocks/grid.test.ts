import { expect, test } from "bun:test";
import { Tensor } from "../../../ffi";
import { gridOfCells, occupiedCells } from "../classsfm/sample";
import { denseGrid, patchify, unpatchify } from "./grid";

test("a patch holds the 8 cells of its cube, and unpatchify puts every cell back", () => {
  const [scenes, edge] = [2, 4];
  // Feature = its own coordinates as a number.
  const grid = denseGrid(scenes, edge, Tensor.zeros([scenes * edge ** 3, 1]));
  const feats = grid.coords.to("f32").matmul(Tensor.from([1000, 100, 10, 1], [4, 1]));
  const patches = patchify(feats, edge);
  expect(patches.shape).toEqual([16, 8]);
  const coarse = denseGrid(scenes, edge / 2, Tensor.zeros([16, 1])).coords.toArray();
  for (let p = 0; p < 16; p++) {
    const [b, x, y, z] = coarse.subarray(4 * p, 4 * p + 4) as unknown as [number, number, number, number];
    const cells = [0, 1].flatMap((dx) => [0, 1].flatMap((dy) => [0, 1].map((dz) => 1000 * b + 100 * (2 * x + dx) + 10 * (2 * y + dy) + 2 * z + dz)));
    expect(Array.from(patches.toArray().subarray(8 * p, 8 * p + 8))).toEqual(cells);
  }
  expect(unpatchify(patches, edge).toArray()).toEqual(feats.toArray());
});

test("an odd grid has no patches", () => {
  expect(() => patchify(Tensor.zeros([27, 1]), 3)).toThrow("does not divide");
});

test("cells, grid of ±1 and dense coordinates agree", () => {
  const cells = [0, 0, 1, 2, 1, 0, 3, 3, 3];
  const grid = gridOfCells(cells, 4);
  expect(Array.from(occupiedCells(grid, 4))).toEqual(cells);
  const coords = denseGrid(1, 4, Tensor.zeros([64, 1])).coords.toArray();
  expect([...grid].flatMap((value, i) => (value > 0 ? [...coords.subarray(4 * i + 1, 4 * i + 4)] : []))).toEqual(cells);
  expect(occupiedCells([0], 1)).toHaveLength(0);
});
