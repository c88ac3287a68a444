import { describe, expect, test } from "bun:test";
import "../../test/matchers";
import { gradcheck } from "../../test/reference/gradcheck";
import { nativeLoaded, ops, scope, Tensor } from "../index";
import { Embedding, gelu, LayerNorm, Linear, Module, ModuleList } from "./index";

class Block extends Module {
  readonly norm = new LayerNorm(4);
  readonly layers = new ModuleList([new Linear(4, 3), new Linear(3, 2, { bias: false })]);
  readonly label = { name: "no module" };
}

class Reversed extends Module {
  readonly layers = new ModuleList([new Linear(4, 3), new Linear(3, 2, { bias: false })]);
  readonly norm = new LayerNorm(4);
}

describe("Module", () => {
  test("counting parameters and naming them allocates nothing", () => {
    const before = nativeLoaded();
    const block = new Block();
    expect([...block.namedParameters().keys()]).toEqual(["norm.weight", "norm.bias", "layers.0.weight", "layers.0.bias", "layers.1.weight"]);
    expect(block.parameterCount()).toBe(4 + 4 + 12 + 3 + 6);
    expect(nativeLoaded()).toBe(before);
    expect(() => block.norm.weight!.tensor).toThrow("has no values yet");
  });

  test("first values depend on seed and name, not on the order of construction", () => {
    const a = new Block().materialize({ seed: 7 }).stateDict();
    const b = new Reversed().materialize({ seed: 7 }).stateDict();
    const c = new Block().materialize({ seed: 8 }).stateDict();
    for (const [name, value] of a) expect(b.get(name)).toEqualTensor(value);
    expect(c.get("layers.0.weight")!.toArray()).not.toEqual(a.get("layers.0.weight")!.toArray());
    const twins = new ModuleList([new Linear(3, 3), new Linear(3, 3)]).materialize({ seed: 7 }).stateDict();
    expect(twins.get("0.weight")!.toArray()).not.toEqual(twins.get("1.weight")!.toArray());
  });

  test("a state with a missing name, an unknown one and a wrong shape is refused whole", () => {
    const block = new Block().materialize({ seed: 1 });
    const state = new Map(block.stateDict());
    state.delete("norm.bias");
    state.set("stranger", Tensor.ones([1]));
    state.set("layers.0.weight", Tensor.ones([4, 3]));
    expect(() => block.loadStateDict(state)).toThrow(
      "norm.bias is missing; layers.0.weight is [4, 3], the module wants [3, 4]; stranger is not the module's",
    );
  });

  test("a loaded state is a copy", () => {
    const a = new Block().materialize({ seed: 1 });
    const b = new Block().loadStateDict(a.stateDict());
    expect(b.layers.at(0).weight.tensor).toEqualTensor(a.layers.at(0).weight.tensor);
    ops.aten.zero_(b.layers.at(0).weight.tensor.detach());
    expect(a.layers.at(0).weight.tensor.abs().max().item()).toBeGreaterThan(0);
  });
});

describe("layers", () => {
  test("Linear equals a loop in double", () => {
    const layer = new Linear(3, 2).materialize({ seed: 3 });
    const x = [1, -2, 0.5, 4, 0, -1];
    const w = layer.weight.tensor.toArray();
    const expected = [0, 1].flatMap((row) => [0, 1].map((o) => [0, 1, 2].reduce((sum, i) => sum + x[3 * row + i]! * w[3 * o + i]!, 0)));
    expect(layer.forward(Tensor.from(x, [2, 3]))).toBeCloseToTensor(expected, { rtol: 1e-6, atol: 1e-6 });
  });

  test("LayerNorm gives mean 0 and variance 1", () => {
    const out = new LayerNorm(5, { affine: false }).forward(Tensor.from([1, 2, 3, 4, 10], [1, 5]));
    expect(out.mean().item()).toBeCloseTo(0, 6);
    expect(out.mul(out).mean().item()).toBeCloseTo(1, 5);
  });

  test("Embedding takes rows", () => {
    const layer = new Embedding(4, 3).materialize({ seed: 3 });
    expect(layer.forward(Tensor.from([2, 0], [2], { dtype: "i64" }))).toEqualTensor(
      Tensor.cat([layer.weight.tensor.narrow(0, 2, 1), layer.weight.tensor.narrow(0, 0, 1)]),
    );
  });

  test("gelu is the tanh form, with the right derivative", () => {
    const x = [-3, -0.5, 0, 0.7, 4];
    const expected = x.map((v) => 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3))));
    expect(gelu(Tensor.from(Float64Array.from(x)))).toBeCloseToTensor(expected, { rtol: 1e-12, atol: 1e-12 });
    scope(() => gradcheck(gelu, [Tensor.from(Float64Array.from(x))]));
  });
});
