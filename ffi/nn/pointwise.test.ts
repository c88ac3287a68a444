import { describe, expect, test } from "bun:test";
import "../../test/matchers";
import { gradcheck } from "../../test/reference/gradcheck";
import { randomTensor } from "../../test/voxels";
import { autocast, autocastType, grad, ops, scope, Tensor } from "../index";

/** Compares values and gradients of an f32 operator with ATen's in double. */
function compare(found: (...t: Tensor[]) => Tensor, expected: (...t: Tensor[]) => Tensor, inputs: readonly Tensor[]): void {
  scope(() => {
    const own = inputs.map((t) => t.detach().clone().requiresGrad_());
    const exact = inputs.map((t) => t.detach().to("f64").requiresGrad_());
    const [a, b] = [found(...own), expected(...exact)];
    expect(a.to("f64")).toBeCloseToTensor(b, { rtol: 1e-5, atol: 1e-6 });
    const seed = randomTensor(a.shape, 5, "f32");
    const gradients = grad([b], exact, [seed.to("f64")]);
    for (const [i, g] of grad([a], own, [seed]).entries()) expect(g!.to("f64")).toBeCloseToTensor(gradients[i]!, { rtol: 1e-4, atol: 2e-5 });
  });
}

describe("gelu", () => {
  test("f32 equals ATen's in double, far out too, in any layout", () => {
    const x = Tensor.cat([
      randomTensor([13, 37], 1, "f32").mul(6),
      Tensor.from([-1e4, 1e4, -88, 88, 0, 1e-20, -12].concat(Array(30).fill(3)), [1, 37]),
    ]);
    const exact = (t: Tensor) => ops.aten.gelu(t, { approximate: "tanh" });
    compare(
      (t) => ops.earthcraft.gelu(t!),
      (t) => exact(t!),
      [x],
    );
    expect(ops.earthcraft.gelu(x.transpose(0, 1)).transpose(0, 1).contiguous()).toEqualTensor(ops.earthcraft.gelu(x));
    expect(ops.aten.isnan(ops.earthcraft.gelu(Tensor.from([Number.NaN, 1]))).toArray()).toEqual(Uint8Array.of(1, 0));
    expect(ops.earthcraft.gelu(Tensor.zeros([0, 4])).shape).toEqual([0, 4]);
  });
});

describe("layerNorm", () => {
  for (const channels of [3, 16, 32, 37, 200])
    test(`${channels} channels: f32 equals ATen's in double, with and without weights`, () => {
      const x = randomTensor([57, channels], channels, "f32").mul(2).add(3);
      const [weight, bias] = [randomTensor([channels], 2, "f32"), randomTensor([channels], 3, "f32")];
      compare(
        (t, w, b) => ops.earthcraft.layerNorm(t!, w, b, 1e-6),
        (t, w, b) => ops.aten.layerNorm(t!, [channels], w, b, 1e-6),
        [x, weight, bias],
      );
      compare(
        (t) => ops.earthcraft.layerNorm(t!),
        (t) => ops.aten.layerNorm(t!, [channels], undefined, undefined, 1e-6),
        [x],
      );
    });

  test("double passes finite differences; autocast keeps it in f32; weights that do not fit are refused", () => {
    gradcheck((x, w, b) => ops.earthcraft.layerNorm(x!, w, b, 1e-3), [randomTensor([4, 5], 1), randomTensor([5], 2), randomTensor([5], 3)]);
    const x = randomTensor([4, 5], 1, "f32");
    expect(autocast("bf16", () => ops.earthcraft.layerNorm(x.to("bf16"))).dtype).toBe("f32");
    expect(() => ops.earthcraft.layerNorm(x, Tensor.ones([4]))).toThrow("weight must be [5] for x [4, 5], got [4]");
  });

  test("in the type of products it is the rounded f32, and its gradient that of the rounding", () => {
    const values = randomTensor([7, 5], 1, "f32");
    const seed = randomTensor([7, 5], 2, "f32").to("bf16");
    const [direct, rounded] = [true, false].map((direct) => {
      const x = values.detach().requiresGrad_();
      const out = autocast("bf16", () =>
        direct ? ops.earthcraft.layerNorm(x, null, null, 1e-6, autocastType()) : ops.earthcraft.layerNorm(x).to("bf16"),
      );
      return [out, ...grad([out], [x], [seed])] as [Tensor, Tensor];
    }) as [[Tensor, Tensor], [Tensor, Tensor]];
    expect(direct[0].dtype).toBe("bf16");
    expect(direct[0]).toEqualTensor(rounded[0]);
    expect(direct[1]).toEqualTensor(rounded[1]);
    expect(autocastType()).toBeUndefined();
    expect(autocast("bf16", () => autocast("off", () => autocastType()))).toBeUndefined();
  });
});
