import { describe, expect, test } from "bun:test";
import "../../test/matchers";
import { coordsOf, randomRows, randomTensor } from "../../test/voxels";
import { memory, noGrad, ops, scope, Tensor } from "../index";
import { SparseIndex, SparseTensor, SubMConv3d } from "./index";

const rows = randomRows({ count: 200, extent: [13, 9, 7], batches: 2, seed: 6 });
const name = (row: readonly number[]) => row.join();
const list = (coords: Tensor) => {
  const values = coords.toArray();
  return Array.from({ length: values.length / 4 }, (_, i) => [...values.subarray(4 * i, 4 * i + 4)]);
};
const sorted = (names: string[]) => [...names].sort();

/** A key that sorts in Morton order: bits of z, y, x from the highest, batch first. */
function morton([batch, x, y, z]: readonly number[]): bigint {
  let key = BigInt(batch!);
  for (let bit = 15; bit >= 0; --bit) for (const axis of [z!, y!, x!]) key = (key << 1n) | BigInt((axis >> bit) & 1);
  return key;
}

describe("sets of voxels", () => {
  test("unique comes in Morton order, and inverse leads back", () => {
    const doubled = [...rows, ...rows.slice(3, 40), [1, 65535, 0, 65535]];
    const [coords, inverse] = ops.earthcraft.voxelUnique(coordsOf(doubled));
    const keys = list(coords).map(morton);
    expect(keys).toEqual([...keys].sort((a, b) => (a < b ? -1 : 1)));
    expect(sorted(list(coords).map(name))).toEqual(sorted([...new Set(doubled.map(name))]));
    expect(list(coords.indexSelect(0, inverse)).map(name)).toEqual(doubled.map(name));
  });

  test("look-up, union and difference agree with a set of strings", () => {
    const [a, b] = [rows.slice(0, 150), rows.slice(100, 260)];
    const names = a.map(name);
    expect([...SparseIndex.of(coordsOf(a)).lookup(coordsOf(b)).toArray()]).toEqual(b.map((row) => names.indexOf(name(row))));
    const [all, rowsA, rowsB] = ops.earthcraft.voxelUnion(coordsOf(a), coordsOf(b));
    expect(sorted(list(all).map(name))).toEqual(sorted([...new Set([...a, ...b].map(name))]));
    expect(list(all.indexSelect(0, rowsA))).toEqual(a);
    expect(list(all.indexSelect(0, rowsB))).toEqual(b);
    const [left, rowsLeft] = ops.earthcraft.voxelDifference(coordsOf(a), coordsOf(b));
    expect(sorted(list(left).map(name))).toEqual(sorted(a.slice(0, 100).map(name)));
    expect(list(coordsOf(a).indexSelect(0, rowsLeft))).toEqual(list(left));
  });

  test("dilation and erosion by a cube, clipped at the box", () => {
    const near = (row: readonly number[], radius: number) => {
      const found: number[][] = [];
      for (let x = -radius; x <= radius; ++x)
        for (let y = -radius; y <= radius; ++y) for (let z = -radius; z <= radius; ++z) found.push([row[0]!, row[1]! + x, row[2]! + y, row[3]! + z]);
      return found;
    };
    const inside = ([, x, y, z]: number[]) => x! >= 0 && y! >= 0 && z! >= 0 && x! < 13 && y! < 9 && z! < 7;
    const grown = [
      ...new Set(
        rows
          .slice(0, 30)
          .flatMap((row) => near(row, 2))
          .filter(inside)
          .map(name),
      ),
    ];
    const dilated = ops.earthcraft.voxelDilate(coordsOf(rows.slice(0, 30)), 2, [13, 9, 7]);
    expect(sorted(list(dilated).map(name))).toEqual(sorted(grown));
    const set = new Set(grown);
    const kept = list(dilated)
      .filter((row) => near(row, 1).every((n) => set.has(name(n))))
      .map(name);
    expect(kept.length).toBeGreaterThan(0);
    expect(sorted(list(ops.earthcraft.voxelErode(dilated, 1)).map(name))).toEqual(sorted(kept));
  });

  test("neighbour maps of all kinds agree with a table of strings", () => {
    const index = SparseIndex.of(coordsOf(rows));
    const coarse = index.coarser().index;
    const at = new Map(rows.map((row, i) => [name(row), i]));
    for (const [queries, kernel, stride] of [
      [index, 3, 1],
      [coarse, 3, 2],
      [coarse, 2, 2],
    ] as const) {
      const steps = kernel === 3 ? [-1, 0, 1] : [0, 1];
      const expected = list(queries.coords).flatMap(([b, x, y, z]) =>
        steps.flatMap((dz) =>
          steps.flatMap((dy) => steps.map((dx) => at.get([b, stride * x! + dx, stride * y! + dy, stride * z! + dz].join()) ?? -1)),
        ),
      );
      expect([...ops.earthcraft.neighbourMap(queries.coords, index.coords, kernel, stride).toArray()]).toEqual(expected);
    }
  });

  test("the coarser level: parents, children and their slots", () => {
    const index = SparseIndex.of(coordsOf(rows));
    const { index: coarse, parent, children } = index.coarser();
    const cells = list(coarse.coords);
    expect(sorted(cells.map(name))).toEqual(sorted([...new Set(rows.map(([b, x, y, z]) => [b, x >> 1, y >> 1, z >> 1].join()))]));
    const slots = children.toArray();
    for (const [i, up] of parent.toArray().entries()) {
      const [, x, y, z] = rows[i]!;
      expect(cells[up]!.slice(1)).toEqual([x >> 1, y >> 1, z >> 1]);
      expect(slots[8 * up + (x & 1) + 2 * (y & 1) + 4 * (z & 1)]).toBe(i);
    }
    expect(slots.filter((row) => row >= 0)).toHaveLength(rows.length);
  });

  test("bad coordinates are named with their row", () => {
    const make =
      (...bad: number[][]) =>
      () =>
        SparseIndex.of(coordsOf([...rows.slice(0, 3), ...bad]));
    expect(make([0, 3, -1, 2])).toThrow("row 3 is (batch 0, x 3, y -1, z 2), but x, y, z must lie in [0, 65536)");
    expect(make([0, 3, 65536, 2])).toThrow("y 65536");
    expect(make([40000, 3, 1, 2])).toThrow("batch in [0, 32768)");
    expect(make(rows[1]!)).toThrow("twice, in rows 1 and 3");
    expect(() => SparseIndex.of(Tensor.zeros([4, 4]))).toThrow("int32 [N, 4]");
    expect(() => ops.earthcraft.voxelDilate(coordsOf(rows), -1, [9, 9, 9])).toThrow("radius must lie in [0, 64], got -1");
    expect(() => ops.earthcraft.neighbourMap(coordsOf(rows), coordsOf(rows), 4, 1)).toThrow("got kernel 4, stride 1");
  });

  test("an empty set has levels and windows", () => {
    const none = SparseIndex.of(coordsOf([]));
    expect(none.coarser().index.size).toBe(0);
    expect([...none.windows(8, 4).starts.toArray()]).toEqual([0]);
    expect(none.refined().size).toBe(0);
    expect(none.submanifold().pairs.shape).toEqual([2, 0]);
  });
});

describe("the life of index tensors", () => {
  test("a map first built in an inner scope serves the next one, and leaves with the set", () => {
    const layer = new SubMConv3d(4, 4).materialize({ seed: 1 });
    const before = memory().liveHandles;
    scope(() => {
      const x = SparseTensor.of(coordsOf(rows), randomTensor([rows.length, 4], 2, "f32"));
      const first = scope(() => layer.forward(x));
      const built = x.index.submanifold().pairs;
      scope(() => layer.forward(first));
      expect(x.index.submanifold().pairs).toBe(built);
      expect(built.live).toBe(true);
    });
    expect(memory().liveHandles).toBe(before);
  });

  test("a sparse tensor returned from a scope brings its index along, coarser levels too", () => {
    const before = memory().liveHandles;
    scope(() => {
      const x = scope(() => {
        const made = SparseTensor.of(coordsOf(rows), Tensor.zeros([rows.length, 1]));
        made.index.coarser().index.windows(8, 0);
        return made;
      });
      expect(x.index.coarser().index.windows(8, 0).order.live).toBe(true);
      expect(x.index.coarser().parent.live).toBe(true);
    });
    expect(memory().liveHandles).toBe(before);
  });

  test("a thousand sets one after the other leave nothing behind", () => {
    const kept = coordsOf(rows);
    const before = memory().liveHandles;
    noGrad(() => {
      for (let i = 0; i < 1000; ++i) scope(() => void SparseIndex.of(kept).coarser().index.submanifold());
    });
    expect(memory().liveHandles).toBe(before);
  });
});
