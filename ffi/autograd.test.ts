import { describe, expect, test } from "bun:test";
import "../test/matchers";
import { gradcheck } from "../test/reference/gradcheck";
import { autocast, enableGrad, grad, Linear, noGrad, setThreads, Tensor } from "./index";

setThreads(1);
const leaf = (values: number[]) => Tensor.from(Float64Array.from(values)).requiresGrad_();

describe("autograd", () => {
  test("backward adds to grad; zeroGrad drops it", () => {
    const x = leaf([1, 2]);
    for (let i = 0; i < 2; ++i) x.mul(x).sum().backward();
    expect(x.grad).toBeCloseToTensor([4, 8]);
    x.zeroGrad();
    expect(x.grad).toBeNull();
  });

  test("backward takes a gradient for an output of several values", () => {
    const x = leaf([1, 2]);
    expect(() => x.mul(x).backward()).toThrow("grad can be implicitly created only for scalar outputs");
    x.mul(x).backward(Tensor.from(Float64Array.of(10, 100)));
    expect(x.grad).toBeCloseToTensor([20, 400]);
  });

  test("grad returns without accumulating, null for what does not matter, and again with createGraph", () => {
    const [x, y] = [leaf([3]), leaf([5])];
    const [dx, dy] = grad([x.pow(3)], [x, y], [null], { createGraph: true });
    expect(dx).toBeCloseToTensor([27]);
    expect(dy).toBeNull();
    expect(x.grad).toBeNull();
    expect(grad([dx!], [x])[0]).toBeCloseToTensor([18]);
    expect(() => grad([x], [y], [])).toThrow("1 outputs, 0 gradients");
  });

  test("modes nest and end, also by an error", () => {
    const x = leaf([1]);
    expect(noGrad(() => x.mul(2)).requiresGrad).toBe(false);
    expect(noGrad(() => enableGrad(() => x.mul(2))).requiresGrad).toBe(true);
    expect(() =>
      noGrad(() => {
        throw new Error("mine");
      }),
    ).toThrow("mine");
    expect(x.mul(2).requiresGrad).toBe(true);
    expect(() => noGrad(async () => x)).toThrow("cannot span an await");
  });

  test("differences find a wrong derivative", () => {
    const x = Tensor.from(Float64Array.of(0.3, -0.7));
    gradcheck((v) => v.mul(v).exp(), [x]);
    // A detached factor is a constant to backward and none to differences.
    expect(() => gradcheck((v) => v.mul(v.detach()), [x])).toThrow("input 0, element 0: backward says");
  });
});

describe("autocast", () => {
  test("runs products in bf16 and sums in f32, and ends", () => {
    const a = Tensor.ones([4, 4]);
    autocast("bf16", () => {
      expect(a.matmul(a).dtype).toBe("bf16");
      expect(autocast("off", () => a.matmul(a)).dtype).toBe("f32");
      expect(a.matmul(a).dtype).toBe("bf16");
    });
    expect(a.matmul(a).dtype).toBe("f32");
    expect(() =>
      autocast("bf16", () => {
        throw new Error("mine");
      }),
    ).toThrow("mine");
    expect(a.matmul(a).dtype).toBe("f32");
  });

  test("a weight changed between two steps is cast anew", () => {
    const layer = new Linear(2, 1, { bias: false }).materialize({ seed: 1 });
    const x = Tensor.ones([1, 2]);
    const forward = () =>
      autocast("bf16", () => layer.forward(x))
        .to("f32")
        .item();
    noGrad(() => layer.weight.tensor.fill_(1));
    expect(forward()).toBe(2);
    noGrad(() => layer.weight.tensor.fill_(3));
    expect(forward()).toBe(6);
  });
});
