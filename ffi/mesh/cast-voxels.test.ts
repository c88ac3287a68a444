import { describe, expect, test } from "bun:test";
import "../../test/matchers";
import { drawn, LETTER_F, letterCells } from "../../test/letter-f";
import { viewsFrom } from "../../test/look-at";
import { randomRows } from "../../test/voxels";
import { Tensor } from "../index";
import { castVoxels, type ProjectedViews, topDownView } from "./index";

const lattice = { origin: [-7, 3, 1.5], voxel_m: 0.7 } as const;
const rows = randomRows({ count: 900, extent: [19, 25, 17], seed: 11 }).map(([, x, y, z]) => [x - 9, y - 4, z - 8] as const);
const coords = Tensor.from(Int32Array.from(rows.flat()), [rows.length, 3]);

/** Every ray against every cell by slabs. */
function everyCell(views: ProjectedViews): { voxel: number[]; depth: number[] } {
  const { viewmats, Ks, width, height, near = 0.01, projection } = views;
  const [m, K] = [viewmats.toArray(), Ks.toArray()];
  const voxel: number[] = [];
  const depth: number[] = [];
  for (let v = 0; v < viewmats.shape[0]!; ++v)
    for (let p = 0; p < width * height; ++p) {
      const x = ((p % width) + 0.5 - K[9 * v + 2]!) / K[9 * v]!;
      const y = (Math.floor(p / width) + 0.5 - K[9 * v + 5]!) / K[9 * v + 4]!;
      const back = (a: readonly number[]) => [0, 1, 2].map((axis) => a.reduce((sum, value, row) => sum + m[16 * v + 4 * row + axis]! * value, 0));
      const moved = [3, 7, 11].map((i) => m[16 * v + i]!);
      const from = back(projection === "parallel" ? [x - moved[0]!, y - moved[1]!, -moved[2]!] : moved.map((t) => -t));
      const along = back(projection === "parallel" ? [0, 0, 1] : [x, y, 1]);
      let best = -1;
      let at = Number.POSITIVE_INFINITY;
      for (const [i, cell] of rows.entries()) {
        let enter = near;
        let leave = Number.POSITIVE_INFINITY;
        for (let axis = 0; axis < 3; ++axis) {
          const low = lattice.origin[axis]! + cell[axis]! * lattice.voxel_m;
          const a = (low - from[axis]!) / along[axis]!;
          const b = (low + lattice.voxel_m - from[axis]!) / along[axis]!;
          enter = Math.max(enter, Math.min(a, b));
          leave = Math.min(leave, Math.max(a, b));
        }
        if (enter < leave && enter < at) [best, at] = [i, enter];
      }
      voxel.push(best);
      depth.push(best < 0 ? 0 : at);
    }
  return { voxel, depth };
}

function expectEveryCell(views: ProjectedViews): void {
  const { voxel, depth } = castVoxels(coords, lattice, views);
  const expected = everyCell(views);
  expect(expected.voxel.filter((row) => row >= 0).length).toBeGreaterThan(expected.voxel.length / 4);
  expect([...voxel.toArray()]).toEqual(expected.voxel);
  expect(depth).toBeCloseToTensor(expected.depth, { rtol: 1e-6, atol: 1e-6 });
}

describe("castVoxels", () => {
  test("a pinhole's rays stop at the first of all cells, from without and from within", () => {
    expectEveryCell(
      viewsFrom(
        [
          [20, -20, 25],
          [-5, 9, 0],
        ],
        [0, 12, 2],
        { width: 28, height: 21, focal: 28 },
      ),
    );
  });

  test("parallel rays too", () => {
    expectEveryCell({ ...viewsFrom([[20, -20, 25]], [0, 9, 2], { width: 28, height: 21, focal: 1.5 }), projection: "parallel", near: 0 });
  });

  test("straight down, an F reads as an F, and depth is the way to the roof", () => {
    const tops = letterCells.map(([x, y]) => [x, y, 3 + (x % 2)]);
    const letter = Tensor.from(Int32Array.from([...tops, ...letterCells.map(([x, y]) => [x, y, 0])].flat()), [2 * tops.length, 3]);
    const views = topDownView({ west: 0, north: LETTER_F.length, top: 20, pixel: 1, width: 5, height: 6 });
    const { voxel, depth } = castVoxels(letter, { origin: [0, 0, 0], voxel_m: 1 }, views);
    expect(drawn(voxel.toArray(), 5, (row) => row >= 0 && row < tops.length)).toEqual([...LETTER_F]);
    // A map's row r and column c are the cell x = c, y = L − 1 − r.
    for (const [i, [x, y]] of letterCells.entries()) {
      const pixel = (LETTER_F.length - 1 - y) * 5 + x;
      expect(voxel.toArray()[pixel]).toBe(i);
      expect(depth.toArray()[pixel]).toBe(20 - (4 + (x % 2)));
    }
  });

  test("no voxels, nothing hit; a ray that starts inside a voxel hits it at the near plane", () => {
    const views = viewsFrom([[0.4, 0.3, 0.2]], [5, 1, 0], { width: 3, height: 2, focal: 3 });
    expect(
      castVoxels(Tensor.zeros([0, 3], { dtype: "i32" }), lattice, views)
        .voxel.max()
        .item(),
    ).toBe(-1);
    const { voxel, depth } = castVoxels(Tensor.zeros([1, 3], { dtype: "i32" }), { origin: [0, 0, 0], voxel_m: 1 }, views);
    expect([...voxel.toArray()]).toEqual([0, 0, 0, 0, 0, 0]);
    expect(depth).toBeCloseToTensor([0.01, 0.01, 0.01, 0.01, 0.01, 0.01], { rtol: 1e-6 });
  });

  test("refuses batched coordinates", () => {
    const views = viewsFrom([[9, 0, 0]], [5, 1, 0], { width: 3, height: 2, focal: 3 });
    expect(() => castVoxels(Tensor.zeros([4, 4], { dtype: "i32" }), lattice, views)).toThrow("coords must be int32 [N, 3]");
  });
});
