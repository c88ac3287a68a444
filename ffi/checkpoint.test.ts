import { afterEach, describe, expect, test } from "bun:test";
import "../test/matchers";
import {
  autocast,
  checkpoint,
  gelu,
  LayerNorm,
  Linear,
  Module,
  ModuleList,
  memory,
  noGrad,
  normal,
  ops,
  pauseRecording,
  resetPeakMemory,
  scope,
  setThreads,
  Tensor,
} from "./index";

setThreads(1);
const draw = (shape: number[], index: number) => normal(shape, { seed: 2, purpose: "test", index });

/** x + W₂ gelu(W₁ norm(x)): the input has two consumers. */
class Block extends Module {
  readonly norm: LayerNorm;
  readonly up: Linear;
  readonly down: Linear;
  constructor(channels: number) {
    super();
    this.norm = new LayerNorm(channels);
    this.up = new Linear(channels, 3 * channels);
    this.down = new Linear(3 * channels, channels);
  }
  forward(x: Tensor): Tensor {
    return x.add(this.down.forward(gelu(this.up.forward(this.norm.forward(x)))));
  }
}

class Chain extends Module {
  readonly blocks = new ModuleList(Array.from({ length: 6 }, () => new Block(16)));
  forward(x: Tensor, wrap: typeof checkpoint): Tensor {
    return [...this.blocks].reduce((value, block) => wrap(() => block.forward(value)), x);
  }
}

/** Each level's output goes to the next block (two uses) and, as a skip, to the decoder's concatenation. */
class UNet extends Module {
  readonly down = new ModuleList(Array.from({ length: 3 }, () => new Block(16)));
  readonly up = new ModuleList(Array.from({ length: 3 }, () => new Block(16)));
  readonly merge = new ModuleList(Array.from({ length: 3 }, () => new Linear(32, 16)));
  forward(x: Tensor, wrap: typeof checkpoint): Tensor {
    const skips: Tensor[] = [];
    let value = x;
    for (const block of this.down) {
      value = wrap(() => block.forward(value));
      skips.push(value);
    }
    for (const [i, block] of [...this.up].entries())
      value = wrap(() => block.forward(this.merge.at(i).forward(Tensor.cat([value, skips[2 - i]!], -1))));
    return value;
  }
}

const plain = (<T>(body: () => T) => body()) as typeof checkpoint;

function gradients(net: Chain | UNet, wrap: typeof checkpoint, mode: "f32" | "bf16"): Map<string, Tensor> {
  net.zeroGrad();
  const x = draw([33, 16], 1).requiresGrad_();
  const loss = () =>
    net
      .forward(x, wrap)
      .mul(draw([33, 16], 2))
      .sum();
  (mode === "bf16" ? autocast("bf16", loss) : loss()).backward();
  return new Map([["x", x.grad!], ...[...net.namedParameters()].map(([name, p]) => [name, p.tensor.grad!] as const)]);
}

describe("gradients of a checkpointed net are those of the plain one, to the bit", () => {
  for (const [what, make] of [
    ["a chain", () => new Chain()],
    ["a U-Net with skips", () => new UNet()],
  ] as const)
    for (const mode of ["f32", "bf16"] as const)
      test(`${what}, ${mode}`, () => {
        const net = make().materialize({ seed: 1 });
        const expected = gradients(net, plain, mode);
        for (const [name, gradient] of gradients(net, checkpoint, mode)) {
          expect(gradient.abs().max().item()).toBeGreaterThan(0);
          expect({ name, bits: Buffer.from(gradient.toBytes()).toString("hex") }).toEqual({
            name,
            bits: Buffer.from(expected.get(name)!.toBytes()).toString("hex"),
          });
        }
      });

  test("lists, views, in-place writes, constants and several outputs are replayed", () => {
    const x = draw([4, 6], 3).requiresGrad_();
    const w = draw([6, 6], 4).requiresGrad_();
    const body = () => {
      const [a, b] = x.matmul(w).chunk(2, 1) as [Tensor, Tensor];
      const joined = Tensor.cat([a.exp(), b.tanh()], 1).mul(Tensor.from([1, 2, 3, 4, 5, 6]));
      const [values] = ops.aten.max(joined, 1);
      const changed = joined.mul(2);
      changed.add_(values.unsqueeze(1));
      return { sum: changed.sum(), rest: [b.sigmoid(), ops.aten.argmax(joined, 1)] };
    };
    const run = (wrap: typeof checkpoint) => {
      x.zeroGrad();
      w.zeroGrad();
      const { sum, rest } = wrap(body);
      sum.add(rest[0]!.mul(3).sum()).backward();
      return [x.grad!, w.grad!, rest[1]!.to("f32")];
    };
    const expected = run(plain);
    for (const [i, tensor] of run(checkpoint).entries()) expect(tensor).toEqualTensor(expected[i]!);
  });

  test("autocast inside a segment, in two regions around some of its calls", () => {
    const layer = new Linear(6, 6).materialize({ seed: 4 });
    const x = draw([5, 6], 12);
    const run = (wrap: typeof checkpoint) => {
      layer.zeroGrad();
      const low = (value: Tensor) => autocast("bf16", () => layer.forward(layer.forward(value))).to("f32");
      wrap(() => layer.forward(low(low(x).tanh()).tanh()))
        .pow(2)
        .sum()
        .backward();
      return layer.weight.tensor.grad!;
    };
    expect(run(checkpoint)).toEqualTensor(run(plain));
  });

  test("noGrad inside a segment stops gradients there, as outside", () => {
    const x = draw([5], 5).requiresGrad_();
    checkpoint(() => x.mul(noGrad(() => x.exp())))
      .sum()
      .backward();
    expect(x.grad).toEqualTensor(x.detach().exp());
  });
});

test("a weight cast inside a segment is not served, without its gradient, to the code after it", () => {
  const layer = new Linear(4, 4).materialize({ seed: 1 });
  const x = draw([3, 4], 11);
  const gradient = (before: () => unknown) => {
    layer.zeroGrad();
    autocast("bf16", () => {
      before();
      layer.forward(x).sum().backward();
    });
    return layer.weight.tensor.grad!;
  };
  const expected = gradient(() => {});
  expect(gradient(() => checkpoint(() => layer.forward(x)))).toEqualTensor(expected);
});

test("a checkpointed chain keeps far less memory", () => {
  const net = new Chain().materialize({ seed: 1 });
  const peak = (wrap: typeof checkpoint) => {
    resetPeakMemory();
    const before = memory().liveBytes;
    scope(() => {
      net
        .forward(draw([20000, 16], 6), wrap)
        .sum()
        .backward();
    });
    return memory().peakBytes - before;
  };
  expect(peak(checkpoint)).toBeLessThan(0.45 * peak(plain));
});

describe("a segment refuses what its replay could not follow", () => {
  const w = draw([3], 7).requiresGrad_();
  const x = draw([3], 8);
  afterEach(() => {
    // Whatever was refused, the mode is the one from before.
    expect(w.mul(2).requiresGrad).toBe(true);
  });
  const refused: [string, () => unknown, RegExp][] = [
    ["reading a value", () => w.mul(2).sum().item(), /may not read values/],
    ["reading an outside value", () => x.toArray(), /may not read values/],
    ["an in-place write to an outside tensor", () => x.add_(1), /add_: self \[3\] f32: .*write in place to a tensor from outside/],
    ["an in-place write through a view", () => x.view([3]).add_(1), /view of a tensor from outside/],
    ["backward", () => w.mul(2).sum().backward(), /may not run backward/],
    ["changing requiresGrad", () => x.requiresGrad_(), /may not change requiresGrad/],
    ["its own tensors while paused", () => pauseRecording(() => w.mul(2).add(1)) && pauseRecording(() => w.mul(2)), /cannot be used/],
    ["a promise", () => Promise.resolve(1), /cannot span an await/],
  ];
  for (const [what, body, message] of refused.filter(([what]) => what !== "its own tensors while paused"))
    test(what, () => {
      expect(() => checkpoint(body)).toThrow(message);
      expect(x).toEqualTensor(draw([3], 8));
    });

  test("its own tensors while recording is paused", () => {
    expect(() =>
      checkpoint(() => {
        const inside = w.mul(2);
        return pauseRecording(() => inside.add(1));
      }),
    ).toThrow("cannot be used while recording is paused");
  });

  test("a tensor that it did not return, afterwards", () => {
    let leaked: Tensor | undefined;
    scope(() => {
      const depth = new Map<string, Tensor>();
      checkpoint(() => {
        leaked = w.mul(2);
        depth.set("x", leaked);
        return w.mul(3);
      });
      expect(() => leaked!.add(1)).toThrow("disposed");
    });
  });

  test("an outside tensor changed between the run and the replay", () => {
    const y = checkpoint(() => w.mul(x)).sum();
    noGrad(() => x.add_(1));
    expect(() => y.backward()).toThrow("modified by an inplace operation");
    noGrad(() => x.add_(-1));
    x.copy_(draw([3], 8));
  });

  test("backward a second time, unless the graph is kept", () => {
    const y = checkpoint(() => w.mul(x)).sum();
    y.backward(undefined, { retainGraph: true });
    y.backward();
    expect(() => y.backward()).toThrow(/second time/);
  });
});

test("paused recording makes constants: an index may be built from values that are read back", () => {
  const w = draw([4, 2], 9).requiresGrad_();
  const coords = Tensor.from([3, 1, 2, 0], [4], { dtype: "i64" });
  const out = checkpoint(() => {
    const order = pauseRecording(() =>
      Tensor.from(
        Array.from(coords.toArray(), (c) => 3 - c),
        [4],
        { dtype: "i64" },
      ),
    );
    return w.indexSelect(0, order).mul(2);
  });
  expect(out.detach()).toEqualTensor(
    w
      .detach()
      .indexSelect(0, Tensor.from([0, 2, 1, 3], [4], { dtype: "i64" }))
      .mul(2),
  );
  out.sum().backward();
  expect(w.grad).toEqualTensor(Tensor.full([4, 2], 2));
});

test("one inside another is part of it, and without grad it only runs", () => {
  const w = draw([3], 10).requiresGrad_();
  checkpoint(() => checkpoint(() => w.mul(w)).mul(w))
    .sum()
    .backward();
  expect(w.grad).toBeCloseToTensor(w.detach().pow(2).mul(3), { rtol: 1e-6 });
  expect(noGrad(() => checkpoint(() => w.mul(2))).requiresGrad).toBe(false);
  expect(checkpoint(() => Tensor.ones([2]).mul(2)).requiresGrad).toBe(false);
});
