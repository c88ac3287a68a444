import { describe, expect, test } from "bun:test";
import "../../test/matchers";
import { AdamW, init, noGrad, normal, ops, Parameter, scope, Tensor } from "../index";

const draw = (shape: number[], index: number) => normal(shape, { seed: 5, purpose: "test", index });

/** Parameters with values and gradients; the sizes cross the pieces that threads take, and end in the middle of a vector. */
function parameters(): Map<string, Parameter> {
  const shapes: [string, number[]][] = [
    ["a", [37, 53]],
    ["b", [20011]],
    ["c", [3]],
  ];
  return new Map(
    shapes.map(([name, shape], i) => {
      const parameter = new Parameter(shape, init.zeros());
      parameter.assign(draw(shape, i));
      return [name, parameter];
    }),
  );
}

function giveGradients(params: ReadonlyMap<string, Parameter>, step: number): Tensor[] {
  return [...params.values()].map(({ tensor }, i) => {
    const gradient = draw([...tensor.shape], 100 * step + i);
    tensor.zeroGrad();
    tensor.mul(gradient).sum().backward();
    return gradient;
  });
}

describe("adamw_", () => {
  test("equals ATen's fused AdamW over ten steps, with weight decay", () => {
    const params = parameters();
    const optimizer = new AdamW(params, { lr: 0.01, weightDecay: 0.1, betas: [0.9, 0.95] });
    const tensors = [...params.values()].map((p) => p.tensor.detach().clone());
    const means = tensors.map((t) => Tensor.zeros(t.shape));
    const squares = tensors.map((t) => Tensor.zeros(t.shape));
    for (let step = 1; step <= 10; ++step) {
      const gradients = giveGradients(params, step);
      optimizer.step();
      const steps = tensors.map(() => Tensor.scalar(step));
      noGrad(() =>
        ops.aten._fusedAdamw_(tensors, gradients, means, squares, [], steps, {
          lr: 0.01,
          beta1: 0.9,
          beta2: 0.95,
          weightDecay: 0.1,
          eps: 1e-8,
          amsgrad: false,
          maximize: false,
        }),
      );
    }
    for (const [i, p] of [...params.values()].entries()) expect(p.tensor).toBeCloseToTensor(tensors[i]!, { rtol: 2e-5, atol: 2e-6 });
  });

  test("clips by the norm of all gradients together, and averages the weights", () => {
    const parameter = new Parameter([2], init.zeros());
    parameter.assign(Tensor.from([1, -2]));
    const optimizer = new AdamW(new Map([["w", parameter]]), { lr: 0.1, clip: 0.5, ema: 0.99, betas: [0.5, 0.5], eps: 1 });
    let [w, m, v, e] = [
      [1, -2],
      [0, 0],
      [0, 0],
      [1, -2],
    ];
    for (let step = 1; step <= 4; ++step) {
      parameter.tensor.zeroGrad();
      parameter.tensor
        .mul(Tensor.from([3, 4]))
        .sum()
        .backward();
      expect(optimizer.step().gradNorm).toBeCloseTo(5, 6);
      const g = [3, 4].map((x) => (x * 0.5) / (5 + 1e-6));
      m = m!.map((x, i) => 0.5 * x + 0.5 * g[i]!);
      v = v!.map((x, i) => 0.5 * x + 0.5 * g[i]! ** 2);
      w = w!.map((x, i) => x - (0.1 * (m![i]! / (1 - 0.5 ** step))) / (Math.sqrt(v![i]! / (1 - 0.5 ** step)) + 1));
      const decay = Math.min(0.99, step / (9 + step));
      e = e!.map((x, i) => decay * x + (1 - decay) * w![i]!);
    }
    expect(parameter.tensor).toBeCloseToTensor(w!, { rtol: 1e-6, atol: 1e-7 });
    expect(optimizer.emaState().get("w")).toBeCloseToTensor(e!, { rtol: 1e-6, atol: 1e-7 });
  });

  test("a gradient that is not finite changes nothing", () => {
    const params = parameters();
    const optimizer = new AdamW(params, { lr: 0.01 });
    giveGradients(params, 1);
    const b = params.get("b")!.tensor;
    const before = b.detach().clone();
    ops.aten.fill_(b.grad!.narrow(0, 20010, 1), Number.NaN);
    const { finite, gradNorm } = optimizer.step();
    expect(finite).toBe(false);
    expect(gradNorm).toBeNaN();
    expect(optimizer.stepCount).toBe(0);
    expect(b.detach()).toEqualTensor(before);
  });

  test("bf16 moments are rounded without bias: a thousand small gradients are not lost", () => {
    const n = 4096;
    const run = (moments: "f32" | "bf16") => {
      const parameter = new Parameter([n], init.zeros());
      parameter.assign(Tensor.zeros([n]));
      const optimizer = new AdamW(new Map([["w", parameter]]), { lr: 0.001, moments, betas: [0.9, 0.999], seed: 3 });
      for (let step = 0; step < 300; ++step)
        scope(() => {
          parameter.tensor.zeroGrad();
          parameter.tensor
            .mul(step < 5 ? 1 : 0.01)
            .sum()
            .backward();
          optimizer.step();
        });
      return { weights: parameter.tensor.mean().item(), square: optimizer.stateDict().get("square.w")!.to("f32").mean().item() };
    };
    const wide = run("f32");
    const narrow = run("bf16");
    expect(Math.abs(narrow.square / wide.square - 1)).toBeLessThan(0.002);
    expect(Math.abs(narrow.weights / wide.weights - 1)).toBeLessThan(0.01);
  });

  test("a state saved and loaded goes on to the same bits", () => {
    const run = (resumeAt: number) => {
      const params = parameters();
      let optimizer = new AdamW(params, { lr: 0.01, moments: "bf16", ema: 0.9, clip: 1 });
      for (let step = 1; step <= 6; ++step) {
        if (step === resumeAt) {
          const saved = new Map([...optimizer.stateDict()].map(([name, t]) => [name, t.clone()]));
          const count = optimizer.stepCount;
          optimizer.dispose();
          optimizer = new AdamW(params, { lr: 0.01, moments: "bf16", ema: 0.9, clip: 1 });
          optimizer.loadStateDict(saved, count);
        }
        giveGradients(params, step);
        optimizer.step();
      }
      return [...params.values()].map((p) => p.tensor.detach());
    };
    const resumed = run(4);
    for (const [i, tensor] of run(99).entries()) expect(resumed[i]).toEqualTensor(tensor);
  });

  test("every processor's variant computes the same: the norm to the bit, the weights closely", () => {
    const script = `
      import { init, normal, ops, Tensor } from ${JSON.stringify(`${import.meta.dir}/../index`)};
      const draw = (index) => normal([20011], { seed: 5, purpose: "test", index });
      const [params, grads, means, squares] = [[draw(1)], [draw(2)], [draw(3)], [draw(4).abs()]];
      const [norm] = ops.earthcraft.adamw_(params, grads, means, squares, [], { lr: 0.1, beta1: 0.9, beta2: 0.99, eps: 1e-8, weightDecay: 0.1, clip: 1, emaDecay: 0, step: 3 });
      console.log(JSON.stringify({ norm, params: Array.from(params[0].toArray()) }));
    `;
    const [baseline, ...others] = ["baseline", "avx2", "avx512"].map((variant) => {
      const { stdout } = Bun.spawnSync([process.execPath, "-e", script], { env: { ...process.env, EARTHCRAFT_CPU: variant } });
      return JSON.parse(stdout.toString()) as { norm: number; params: number[] };
    });
    for (const { norm, params } of others) {
      expect(norm).toBe(baseline!.norm);
      expect(Tensor.from(params)).toBeCloseToTensor(baseline!.params, { rtol: 1e-5, atol: 1e-6 });
    }
  });
});
