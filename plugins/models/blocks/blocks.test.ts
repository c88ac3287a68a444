/** Blocks against plain loops in double precision: independent of the sparse operators that they are made of. */
import { describe, expect, test } from "bun:test";
import { type Module, normal, Tensor } from "../../../ffi";
import { SparseTensor } from "../../../ffi/sparse";
import { CBlock, ModulatedCBlock } from "./c-block";
import { ModulatedTBlock, TBlock } from "./t-block";

const C = 8;
/** Voxels in two windows of edge 8, two of them neighbours across the border. */
const cells = [
  [0, 1, 1, 1],
  [0, 2, 1, 1],
  [0, 7, 3, 3],
  [0, 8, 3, 3],
  [0, 9, 5, 2],
  [0, 9, 5, 3],
];
const coords = Tensor.from(Int32Array.from(cells.flat()), [cells.length, 4]);
const input = () => SparseTensor.of(coords, normal([cells.length, C], { seed: 3, purpose: "test", index: 1 }));

type Matrix = number[][];
const rows = (tensor: Tensor): Matrix => {
  const [n, c] = [tensor.shape[0]!, tensor.numel / tensor.shape[0]!];
  const values = Array.from(tensor.toArray());
  return Array.from({ length: n }, (_, i) => values.slice(i * c, (i + 1) * c));
};
const values = (module: Module, name: string) => module.stateDict().get(name)!;
const linear = (x: Matrix, module: Module, name: string): Matrix => {
  const [w, b] = [rows(values(module, `${name}.weight`)), Array.from(values(module, `${name}.bias`).toArray())];
  return x.map((row) => w.map((weights, o) => b[o]! + weights.reduce((sum, weight, i) => sum + weight * row[i]!, 0)));
};
const norm = (x: Matrix): Matrix =>
  x.map((row) => {
    const mean = row.reduce((a, b) => a + b) / row.length;
    const variance = row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / row.length;
    return row.map((v) => (v - mean) / Math.sqrt(variance + 1e-6));
  });
const add = (a: Matrix, b: Matrix): Matrix => a.map((row, i) => row.map((v, k) => v + b[i]![k]!));
const gelu = (v: number) => 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)));
const silu = (v: number) => v / (1 + Math.exp(-v));

/** Softmax attention of each row among the rows that `sees` allows. */
function attend(q: Matrix, k: Matrix, v: Matrix, heads: number, sees: (i: number, j: number) => boolean): Matrix {
  const d = q[0]!.length / heads;
  return q.map((query, i) => {
    const out = new Array(query.length).fill(0);
    for (let h = 0; h < heads; h++) {
      const part = (row: number[]) => row.slice(h * d, (h + 1) * d);
      const others = k.map((_, j) => j).filter((j) => sees(i, j));
      const scores = others.map((j) => Math.exp(part(query).reduce((sum, value, c) => sum + value * part(k[j]!)[c]!, 0) / Math.sqrt(d)));
      const total = scores.reduce((a, b) => a + b);
      for (const [s, j] of others.entries()) for (let c = 0; c < d; c++) out[h * d + c] += (scores[s]! / total) * v[j]![h * d + c]!;
    }
    return out;
  });
}

const thirds = (x: Matrix): [Matrix, Matrix, Matrix] =>
  [0, 1, 2].map((part) => x.map((row) => row.slice(part * C, (part + 1) * C))) as [Matrix, Matrix, Matrix];
const window = (i: number, shift: number) =>
  cells[i]!.slice(1)
    .map((value) => Math.floor((value + shift) / 8))
    .join();

function expectClose(found: Tensor, wanted: Matrix): void {
  for (const [i, row] of rows(found).entries()) for (const [c, value] of row.entries()) expect(value).toBeCloseTo(wanted[i]![c]!, 4);
}

describe("TBlock", () => {
  for (const shift of [0, 4])
    test(`equals attention masked to windows moved by ${shift}, then an MLP`, () => {
      const block = new TBlock({ channels: C, headDim: 4, mlpRatio: 4, reach: { kind: "window", edge: 8, shift }, residualScale: 1 }).materialize({
        seed: 2,
      });
      const x = input();
      const h = rows(x.feats);
      const [q, k, v] = thirds(linear(norm(h), block, "attention.qkv"));
      const attended = add(
        h,
        linear(
          attend(q, k, v, 2, (i, j) => window(i, shift) === window(j, shift)),
          block,
          "attention.out",
        ),
      );
      const hidden = linear(norm(attended), block, "mlp.up").map((row) => row.map(gelu));
      expectClose(block.forward(x).feats, add(attended, linear(hidden, block, "mlp.down")));
    });

  test("full attention sees across windows but not across scenes", () => {
    const block = new TBlock({ channels: C, headDim: 4, mlpRatio: 4, reach: { kind: "full" }, residualScale: 1 }).materialize({ seed: 2 });
    const two = SparseTensor.of(
      Tensor.from(Int32Array.from(cells.flatMap(([, ...xyz], i) => [i < 3 ? 0 : 1, ...xyz])), [cells.length, 4]),
      input().feats,
    );
    const h = rows(two.feats);
    const [q, k, v] = thirds(linear(norm(h), block, "attention.qkv"));
    const attended = add(
      h,
      linear(
        attend(q, k, v, 2, (i, j) => i < 3 === j < 3),
        block,
        "attention.out",
      ),
    );
    const hidden = linear(norm(attended), block, "mlp.up").map((row) => row.map(gelu));
    expectClose(block.forward(two).feats, add(attended, linear(hidden, block, "mlp.down")));
  });

  test("a residual share of 0.1 starts the branches ten times narrower", () => {
    const at = (residualScale: number) =>
      values(
        new TBlock({ channels: C, headDim: 4, mlpRatio: 4, reach: { kind: "full" }, residualScale }).materialize({ seed: 2 }),
        "mlp.down.weight",
      ).toArray();
    for (const [i, value] of at(0.1).entries()) expect(value).toBeCloseTo(0.1 * at(1)[i]!, 6);
  });
});

describe("ModulatedTBlock", () => {
  const time = () => ({ embedding_BE: normal([1, 6], { seed: 4, purpose: "test", index: 2 }) });
  const build = (condChannels?: number) =>
    new ModulatedTBlock({
      channels: C,
      headDim: 4,
      mlpRatio: 4,
      reach: { kind: "full" },
      timeChannels: 6,
      qkNorm: true,
      ...(condChannels && { condChannels }),
    }).materialize({ seed: 2 });

  test("is the identity at the start", () => {
    expect(build().forward(input(), time()).feats.toArray()).toEqual(input().feats.toArray());
  });

  test("equals scale, shift and gate from the time, with normalised queries and keys, and looks at the condition between", () => {
    const block = build(5);
    const state = new Map(
      [...block.stateDict()].map(([name, tensor], i) => [name, normal(tensor.shape, { seed: 9, purpose: "test", index: i }).mul(0.3)]),
    );
    block.loadStateDict(state);
    const x = input();
    const cond = SparseTensor.of(
      Tensor.from(Int32Array.from([0, 3, 3, 3, 0, 4, 4, 4]), [2, 4]),
      normal([2, 5], { seed: 6, purpose: "test", index: 3 }),
    );
    const modulation = linear(rows(time().embedding_BE), block, "modulation")[0]!;
    const six = Array.from({ length: 6 }, (_, part) => modulation.slice(part * C, (part + 1) * C));
    const modulate = (m: Matrix, shift: number[], scale: number[]) => m.map((row) => row.map((v, c) => v * (1 + scale[c]!) + shift[c]!));
    const gated = (m: Matrix, gate: number[]) => m.map((row) => row.map((v, c) => v * gate[c]!));
    const unit = (m: Matrix, name: string) => {
      const gamma = rows(values(block, name)).flat();
      return m.map((row) => row.map((v, c) => ((v / Math.hypot(...row.slice(c - (c % 4), c - (c % 4) + 4))) * 2 * gamma[c]!) as number));
    };
    let h = rows(x.feats);
    const [q, k, v] = thirds(linear(modulate(norm(h), six[0]!, six[1]!), block, "attention.qkv"));
    h = add(
      h,
      gated(
        linear(
          attend(unit(q, "attention.qNorm.gamma"), unit(k, "attention.kNorm.gamma"), v, 2, () => true),
          block,
          "attention.out",
        ),
        six[2]!,
      ),
    );
    const affine = [Array.from(values(block, "crossNorm.weight").toArray()), Array.from(values(block, "crossNorm.bias").toArray())];
    const crossed = norm(h).map((row) => row.map((value, c) => value * affine[0]![c]! + affine[1]![c]!));
    const kv = linear(rows(cond.feats), block, "cross.kv");
    const [ck, cv] = [0, 1].map((part) => kv.map((row) => row.slice(part * C, (part + 1) * C))) as [Matrix, Matrix];
    h = add(
      h,
      linear(
        attend(linear(crossed, block, "cross.q"), ck, cv, 2, () => true),
        block,
        "cross.out",
      ),
    );
    const hidden = linear(modulate(norm(h), six[3]!, six[4]!), block, "mlp.up").map((row) => row.map(gelu));
    expectClose(block.forward(x, time(), cond).feats, add(h, gated(linear(hidden, block, "mlp.down"), six[5]!)));
  });

  test("each scene has its own time", () => {
    const block = build();
    block.loadStateDict(
      new Map([...block.stateDict()].map(([name, tensor], i) => [name, normal(tensor.shape, { seed: 9, purpose: "test", index: i }).mul(0.3)])),
    );
    const feats = input().feats;
    const one = (batch: number) =>
      SparseTensor.of(Tensor.from(Int32Array.from(cells.flatMap(([, ...xyz]) => [batch, ...xyz])), [cells.length, 4]), feats);
    const times = normal([2, 6], { seed: 4, purpose: "test", index: 2 });
    const both = SparseTensor.of(Tensor.cat([one(0).coords, one(1).coords]), Tensor.cat([feats, feats]));
    const together = rows(block.forward(both, { embedding_BE: times }).feats);
    for (const scene of [0, 1]) {
      const alone = block.forward(one(0), { embedding_BE: times.narrow(0, scene, 1) }).feats;
      expectClose(alone, together.slice(scene * cells.length, (scene + 1) * cells.length));
    }
  });

  test("a cross block without a condition is refused", () => {
    expect(() => build(5).forward(input(), time())).toThrow("without a condition");
  });
});

/** A 3³ convolution over the voxels that exist; taps run x fastest. */
function convolve(x: Matrix, module: Module, name: string): Matrix {
  const weight = values(module, `${name}.weight`);
  const [, cin, cout] = weight.shape as [number, number, number];
  const [w, b] = [weight.toArray(), values(module, `${name}.bias`).toArray()];
  return x.map((_, i) =>
    Array.from({ length: cout }, (_, o) => {
      let sum = b[o]!;
      for (let j = 0; j < x.length; j++) {
        const [dx, dy, dz] = [1, 2, 3].map((axis) => cells[j]![axis]! - cells[i]![axis]!) as [number, number, number];
        if (Math.max(Math.abs(dx), Math.abs(dy), Math.abs(dz)) > 1) continue;
        const tap = dx + 1 + 3 * (dy + 1) + 9 * (dz + 1);
        for (let c = 0; c < cin; c++) sum += x[j]![c]! * w[(tap * cin + c) * cout + o]!;
      }
      return sum;
    }),
  );
}

describe("C-blocks", () => {
  test("CBlock equals norm, SiLU and one convolution on a residual", () => {
    const block = new CBlock(C, 1).materialize({ seed: 5 });
    const h = rows(input().feats);
    const active = norm(h).map((row) => row.map(silu));
    expectClose(block.forward(input()).feats, add(h, convolve(active, block, "conv")));
  });

  test("ModulatedCBlock equals two convolutions with the time between, and a linear skip to another width", () => {
    const block = new ModulatedCBlock({ channels: C, outChannels: 4, timeChannels: 6 }).materialize({ seed: 5 });
    block.loadStateDict(
      new Map([...block.stateDict()].map(([name, tensor], i) => [name, normal(tensor.shape, { seed: 8, purpose: "test", index: i }).mul(0.4)])),
    );
    const embedding = normal([1, 6], { seed: 4, purpose: "test", index: 2 });
    const h = rows(input().feats);
    const affine = (name: string) => Array.from(values(block, name).toArray());
    const [weight, bias] = [affine("normIn.weight"), affine("normIn.bias")];
    const first = convolve(
      norm(h).map((row) => row.map((v, c) => silu(v * weight[c]! + bias[c]!))),
      block,
      "convIn",
    );
    const modulation = linear(rows(embedding), block, "modulation")[0]!;
    const [scale, shift] = [modulation.slice(0, 4), modulation.slice(4)];
    const middle = norm(first).map((row) => row.map((v, c) => silu(v * (1 + scale[c]!) + shift[c]!)));
    expectClose(block.forward(input(), { embedding_BE: embedding }).feats, add(linear(h, block, "skip"), convolve(middle, block, "convOut")));
  });
});
