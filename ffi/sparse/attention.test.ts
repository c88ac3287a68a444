import { describe, expect, test } from "bun:test";
import "../../test/matchers";
import { gradcheck } from "../../test/reference/gradcheck";
import { coordsOf, randomRows, randomTensor } from "../../test/voxels";
import { autocast, checkpoint, grad, ops, scope, Tensor } from "../index";
import { type AttentionReach, fullAttention, packedAttention, SparseIndex, windowAttention } from "./index";

const rows = randomRows({ count: 400, extent: [20, 12, 9], batches: 2, seed: 3 });

/** ATen's dense attention of each group of rows by itself. */
function attendGroups(q: Tensor, k: Tensor, v: Tensor, groups: readonly { queries: number[]; keys: number[] }[]): Tensor {
  let out = Tensor.zeros(q.shape, { dtype: q.dtype });
  for (const { queries, keys } of groups) {
    const [at, from] = [queries, keys].map((list) => Tensor.from(list, [list.length], { dtype: "i64" })) as [Tensor, Tensor];
    const [a, b, c] = [q.indexSelect(0, at), k.indexSelect(0, from), v.indexSelect(0, from)].map((t) => t.transpose(0, 1));
    out = ops.aten.indexCopy(out, 0, at, ops.aten.scaledDotProductAttention(a!, b!, c!).transpose(0, 1));
  }
  return out;
}

/** Rows that share a window, found by a map of strings. */
function windowsOf(list: readonly (readonly number[])[], edge: number, shift: number): { queries: number[]; keys: number[] }[] {
  const groups = new Map<string, number[]>();
  for (const [i, [batch, ...at]] of list.entries()) {
    const name = [batch, ...at.map((c) => Math.floor((c + shift) / edge))].join();
    groups.set(name, [...(groups.get(name) ?? []), i]);
  }
  return [...groups.values()].map((group) => ({ queries: group, keys: group }));
}

const span = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

/** Compares values and the gradients of q, k and v with those of `expected` in double. */
function compare(
  found: (q: Tensor, k: Tensor, v: Tensor) => Tensor,
  expected: (q: Tensor, k: Tensor, v: Tensor) => Tensor,
  shapes: readonly (readonly number[])[],
): void {
  scope(() => {
    const inputs = shapes.map((shape, i) =>
      randomTensor(shape, 11 + i, "f32")
        .mul(2)
        .requiresGrad_(),
    ) as [Tensor, Tensor, Tensor];
    const exact = inputs.map((t) => t.detach().to("f64").requiresGrad_()) as [Tensor, Tensor, Tensor];
    const [a, b] = [found(...inputs), expected(...exact)];
    expect(a.to("f64")).toBeCloseToTensor(b, { rtol: 1e-5, atol: 1e-5 });
    const seed = randomTensor(a.shape, 17, "f32");
    const gradients = grad([b], exact, [seed.to("f64")]);
    for (const [i, g] of grad([a], inputs, [seed]).entries()) expect(g!.to("f64")).toBeCloseToTensor(gradients[i]!, { rtol: 1e-4, atol: 1e-5 });
  });
}

describe("windowAttention", () => {
  for (const [heads, dim] of [
    [2, 16],
    [1, 32],
    [1, 64],
    [3, 20],
  ] as const)
    for (const shift of [0, 4])
      test(`${heads} heads of ${dim}, shift ${shift}: equals dense attention of each window`, () => {
        const index = SparseIndex.of(coordsOf(rows));
        compare(
          (q, k, v) => windowAttention(q, k, v, index, { edge: 8, shift }),
          (q, k, v) => attendGroups(q, k, v, windowsOf(rows, 8, shift)),
          Array(3).fill([rows.length, heads, dim]),
        );
      });

  test("windows of 1 and of 512 voxels", () => {
    const full = span(0, 512).map((i) => [0, i % 8, Math.floor(i / 8) % 8, Math.floor(i / 64)]);
    const list = [...full, [0, 8, 0, 0], [1, 0, 0, 0]];
    const index = SparseIndex.of(coordsOf(list));
    expect([...index.windows(8, 0).starts.toArray()]).toEqual([0, 512, 513, 514]);
    compare(
      (q, k, v) => windowAttention(q, k, v, index, { edge: 8, shift: 0 }),
      (q, k, v) => attendGroups(q, k, v, windowsOf(list, 8, 0)),
      Array(3).fill([514, 2, 16]),
    );
  });

  test("a voxel does not see beyond its window", () => {
    const index = SparseIndex.of(coordsOf(rows));
    const q = randomTensor([rows.length, 1, 16], 1, "f32");
    const inside = rows.map(([b, x, y, z]) => b === 0 && Math.max(x, y, z) < 8);
    const noise = randomTensor([rows.length, 1, 16], 2, "f32").mul(
      Tensor.from(
        inside.map((i) => (i ? 0 : 1)),
        [rows.length, 1, 1],
      ),
    );
    const [before, after] = [q, q.add(noise)].map((t) => windowAttention(t, t, t, index, { edge: 8, shift: 0 }));
    const mine = Tensor.from(
      span(0, rows.length).filter((i) => inside[i]),
      undefined,
      { dtype: "i64" },
    );
    expect(after!.indexSelect(0, mine)).toEqualTensor(before!.indexSelect(0, mine));
  });

  test("scores of ± 3e4 do not overflow, and NaN stays in its window", () => {
    const index = SparseIndex.of(coordsOf(rows));
    const q = randomTensor([rows.length, 1, 16], 1, "f32").mul(300);
    const v = randomTensor([rows.length, 1, 16], 2, "f32");
    expect(windowAttention(q, q, v, index, { edge: 8, shift: 0 }).to("f64")).toBeCloseToTensor(
      attendGroups(q.to("f64"), q.to("f64"), v.to("f64"), windowsOf(rows, 8, 0)),
      { rtol: 1e-2, atol: 1e-2 },
    );
    const bad = q.mul(
      Tensor.from(
        rows.map((_, i) => (i === 9 ? Number.NaN : 1)),
        [rows.length, 1, 1],
      ),
    );
    const lost = windowsOf(rows, 8, 0).find(({ keys }) => keys.includes(9))!.keys;
    const out = ops.aten.isnan(windowAttention(bad, bad, v, index, { edge: 8, shift: 0 }).flatten(1).sum(1));
    expect(span(0, rows.length).filter((i) => out.toArray()[i] === 1)).toEqual([...lost].sort((a, b) => a - b));
  });

  test("no voxels, and operands that do not fit", () => {
    const none = SparseIndex.of(coordsOf([]));
    const empty = Tensor.zeros([0, 2, 16]);
    expect(windowAttention(empty, empty, empty, none, { edge: 8, shift: 0 }).shape).toEqual([0, 2, 16]);
    const index = SparseIndex.of(coordsOf(rows));
    const q = Tensor.zeros([rows.length, 2, 16]);
    expect(() => windowAttention(empty, empty, empty, index, { edge: 8, shift: 0 })).toThrow("0 rows of features for 800 voxels");
    expect(() => windowAttention(q, q, Tensor.zeros([rows.length, 2, 8]), index, { edge: 8, shift: 0 })).toThrow(
      "do not match in tokens, heads or head_dim",
    );
    expect(() => windowAttention(q, q, q.to("f64"), index, { edge: 8, shift: 0 })).toThrow("v Double");
    expect(() => index.windows(8, 8)).toThrow("got shift 8, edge 8");
    const { order, starts } = index.windows(8, 0);
    expect(() => ops.earthcraft.windowAttention(q, q, q, order.clone().fill_(1), starts)).toThrow("every row below 800 once, but entry 1 is 1");
    expect(() => ops.earthcraft.windowAttention(q, q, q, order, starts.add(1))).toThrow("must ascend from 0 to 800 tokens, got 1 to 801");
  });

  test("bf16 operands, and autocast's policy", () => {
    const index = SparseIndex.of(coordsOf(rows));
    const q = randomTensor([rows.length, 2, 32], 1, "f32");
    const exact = windowAttention(q, q, q, index, { edge: 8, shift: 0 });
    const low = q.to("bf16");
    const lowered = windowAttention(low, low, low, index, { edge: 8, shift: 0 });
    expect(lowered.dtype).toBe("bf16");
    expect(lowered.to("f32")).toBeCloseToTensor(exact, { rtol: 0.02, atol: 0.01 });
    expect(autocast("bf16", () => windowAttention(q, q, q, index, { edge: 8, shift: 0 }))).toEqualTensor(lowered);
  });
});

describe("packedAttention", () => {
  for (const reach of [{ kind: "window", edge: 8, shift: 4 }, { kind: "full" }] as AttentionReach[])
    test(`${reach.kind}: the bits of attention on the three parts, forward and backward, and under a checkpoint`, () =>
      scope(() => {
        const index = SparseIndex.of(coordsOf(rows));
        const qkv = randomTensor([rows.length, 3, 2, 16], 4, "f32").requiresGrad_();
        const seed = randomTensor([rows.length, 2, 16], 5, "f32");
        const apart = () => {
          const [q, k, v] = qkv.unbind(1) as [Tensor, Tensor, Tensor];
          return reach.kind === "window" ? windowAttention(q, k, v, index, reach) : fullAttention(q, k, v, index, index);
        };
        const [a, b] = [apart(), packedAttention(qkv, index, reach)];
        expect(b).toEqualTensor(a);
        const [expected] = grad([a], [qkv], [seed]);
        expect(grad([b], [qkv], [seed])[0]!).toEqualTensor(expected!);
        expect(grad([checkpoint(() => packedAttention(qkv, index, reach))], [qkv], [seed])[0]!).toEqualTensor(expected!);
      }));
});

describe("fullAttention", () => {
  test("each scene attends to its own in the other set, across key blocks, some scenes empty", () => {
    const scenes = (counts: number[]) => counts.flatMap((count, batch) => span(0, count).map((i) => [batch, i % 64, Math.floor(i / 64), batch]));
    const [q, kv] = [
      [300, 7, 0, 20],
      [1100, 1, 9],
    ].map((counts) => ({ counts, index: SparseIndex.of(coordsOf(scenes(counts))) })) as [Side, Side];
    const groups = q.counts.map((_, s) => ({ queries: range(q.counts, s), keys: range(kv.counts, s) }));
    const total = ({ counts }: Side) => counts.reduce((a, b) => a + b);
    compare(
      (a, b, c) => fullAttention(a, b, c, q.index, kv.index),
      (a, b, c) =>
        attendGroups(
          a,
          b,
          c,
          groups.filter(({ keys }) => keys.length > 0),
        ),
      [
        [total(q), 2, 32],
        [total(kv), 2, 32],
        [total(kv), 2, 32],
      ],
    );
  });

  test("batches that do not ascend are refused", () => {
    const mixed = SparseIndex.of(
      coordsOf([
        [1, 0, 0, 0],
        [0, 0, 0, 0],
      ]),
    );
    const q = Tensor.zeros([2, 1, 16]);
    expect(() => fullAttention(q, q, q, mixed, mixed)).toThrow("row 1 of batch 0 follows batch 1");
  });
});

interface Side {
  counts: number[];
  index: SparseIndex;
}

function range(counts: readonly number[], scene: number): number[] {
  const first = counts.slice(0, scene).reduce((a, b) => a + b, 0);
  return span(first, first + (counts[scene] ?? 0));
}

test("the double reference passes finite differences", () => {
  const list = randomRows({ count: 9, extent: [6, 4, 3], batches: 2, seed: 8 });
  const { order, starts } = SparseIndex.of(coordsOf(list)).windows(3, 1);
  const inputs = [1, 2, 3].map((seed) => randomTensor([list.length, 2, 3], seed));
  gradcheck((q, k, v) => ops.earthcraft.windowAttention(q!, k!, v!, order, starts), inputs);
});
