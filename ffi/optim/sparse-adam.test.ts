import { describe, expect, test } from "bun:test";
import "../../test/matchers";
import { numbers } from "../../test/voxels";
import { init, ops, Parameter, SparseAdam, Tensor } from "../index";

const ADAM = { lr: 0.1, beta1: 0.9, beta2: 0.99, eps: 1e-8 };

describe("sparse_adam_", () => {
  test("is Adam (Kingma and Ba, Algorithm 1) where there is a gradient, and nothing elsewhere", () => {
    for (const count of [1, 15, 16, 17, 1000]) {
      const next = numbers(count);
      const state = ["param", "mean", "square"].map(() => Float64Array.from({ length: count }, next));
      const tensors = state.map((values) => Tensor.from(Float32Array.from(values)));
      for (let step = 1; step <= 5; ++step) {
        // Whole lines of 16 without a gradient among them, and lines with a few.
        const gradient = Float64Array.from({ length: count }, (_, i) =>
          Math.floor(i / 16) % 3 === 0 || next() < 0.5 ? 0 : Math.fround(next() - 0.5),
        );
        for (let i = 0; i < count; ++i) {
          if (gradient[i] === 0) continue;
          state[1]![i] = 0.9 * state[1]![i]! + 0.1 * gradient[i]!;
          state[2]![i] = 0.99 * state[2]![i]! + 0.01 * gradient[i]! ** 2;
          state[0]![i]! -= (0.1 * (state[1]![i]! / (1 - 0.9 ** step))) / (Math.sqrt(state[2]![i]! / (1 - 0.99 ** step)) + 1e-8);
        }
        ops.earthcraft.sparseAdam_(tensors[0]!, Tensor.from(Float32Array.from(gradient)), tensors[1]!, tensors[2]!, { ...ADAM, step });
      }
      for (const [i, tensor] of tensors.entries()) expect(tensor).toBeCloseToTensor(state[i]!, { rtol: 1e-5, atol: 1e-6 });
    }
  });

  test("an element whose gradient is not finite stays as it was", () => {
    const [param, mean, square] = [Tensor.ones([4]), Tensor.zeros([4]), Tensor.zeros([4])];
    const gradient = Tensor.from([Number.NaN, 1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
    ops.earthcraft.sparseAdam_(param, gradient, mean, square, { ...ADAM, step: 1 });
    expect(param).toBeCloseToTensor([1, 0.9, 1, 1], { rtol: 1e-6 });
    expect(mean).toBeCloseToTensor([0, 0.1, 0, 0], { rtol: 1e-6 });
  });

  test("says which argument is wrong", () => {
    const zeros = (...shape: number[]) => Tensor.zeros(shape);
    const run = (param: Tensor, grad: Tensor, mean: Tensor, step = 1) =>
      ops.earthcraft.sparseAdam_(param, grad, mean, zeros(2, 3), { ...ADAM, step });
    expect(() => run(zeros(2, 3), zeros(3, 2), zeros(2, 3))).toThrow("grad must be like param, float32 [2, 3]");
    expect(() => run(zeros(3, 2).transpose(0, 1), zeros(2, 3), zeros(2, 3))).toThrow("param must be contiguous float32");
    expect(() => run(zeros(2, 3), zeros(2, 3), zeros(2, 4))).toThrow("exp_avg must be like param");
    expect(() => run(zeros(2, 3), zeros(2, 3), zeros(2, 3), 0)).toThrow("step counts from 1, got 0");
  });
});

describe("SparseAdam", () => {
  const made = () => {
    const parameter = new Parameter([40, 2], init.normal(1));
    parameter.assign(parameter.init(parameter.shape, 1, "p"));
    return { parameter, adam: new SparseAdam(new Map([["p", parameter]]), { lr: 0.1, betas: [0.9, 0.99] }) };
  };
  const step = ({ parameter, adam }: ReturnType<typeof made>, row: number) => {
    adam.zeroGrad();
    parameter.tensor.narrow(0, row, 3).pow(2).sum().backward();
    adam.step();
  };

  test("goes on from its state to the same bytes", () => {
    const [through, stopped, resumed] = [made(), made(), made()];
    for (const row of [2, 7, 3]) step(through, row);
    for (const row of [2, 7]) step(stopped, row);
    resumed.parameter.tensor.detach().copy_(stopped.parameter.tensor.detach());
    resumed.adam.loadStateDict(stopped.adam.stateDict(), stopped.adam.stepCount);
    step(resumed, 3);
    expect(resumed.parameter.tensor).toEqualTensor(through.parameter.tensor);
    expect(() => resumed.adam.loadStateDict(new Map(), 1)).toThrow("SparseAdam: the saved state lacks mean.p");
    for (const { adam } of [through, stopped, resumed]) adam.dispose();
  });

  test("leaves a parameter without gradient alone", () => {
    const { parameter, adam } = made();
    const before = parameter.tensor.detach().clone();
    adam.step();
    expect(parameter.tensor.detach()).toEqualTensor(before);
    adam.dispose();
  });
});
