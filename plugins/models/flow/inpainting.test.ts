import { expect, test } from "bun:test";
import { normal, scope, Tensor } from "../../../ffi";
import { SparseTensor } from "../../../ffi/sparse";
import { latentsfmConfig, latentsfmScales } from "../latentsfm/config";
import { Latentsfm } from "../latentsfm/model";
import { besideSettled, inputChannels, withHints } from "./inpainting";

const rows = (values: number[], channels: number) => Tensor.from(Float32Array.from(values), [values.length / channels, channels]);

test("mask and settled data stand beside x, and data outside the mask is gone", () => {
  const x = rows([1, 2, 3, 4, 5, 6], 2);
  const settled = { mask: rows([0, 1, 0], 1), x0: rows([7, 8, 9, 10, 11, 12], 2) };
  expect(Array.from(besideSettled(x, "trained", settled).toArray())).toEqual([1, 2, 0, 0, 0, 3, 4, 1, 9, 10, 5, 6, 0, 0, 0]);
  expect(Array.from(besideSettled(x, "trained").toArray())).toEqual([1, 2, 0, 0, 0, 3, 4, 0, 0, 0, 5, 6, 0, 0, 0]);
  expect(besideSettled(x, "trained").shape[1]).toBe(inputChannels(2, "trained"));
  expect(besideSettled(x, "reset", settled)).toBe(x);
});

test("continued: open rows show what the nearest settled column has at their height", () => {
  const x = rows([1, 2, 3], 1);
  const settled = withHints({ mask: rows([0, 1, 0], 1), x0: rows([7, 8, 9], 1) }, "continued", () => [0, 0, 0, 1, 0, 0, 1, 4, 3]);
  expect(Array.from(besideSettled(x, "continued", settled).toArray())).toEqual([1, 0, 8, 2, 1, 8, 3, 0, 0]);
  expect(withHints(settled, "trained", () => [])).toBe(settled);
});

const CELLS = Int32Array.from(Array.from({ length: 8 }, (_, i) => [0, i, i % 3, 1]).flat());

/** What a random LatentSFM says of the free half of eight cells, for two versions of the settled half. */
function freeHalf(how: "trained" | "reset"): [number[], number[]] {
  return scope(() => {
    const model = new Latentsfm(latentsfmConfig.parse({ ...latentsfmScales.mini, inpainting: how })).materialize({ seed: 4 });
    for (const { tensor } of model.parameters())
      scope(() => void tensor.detach().add_(normal(tensor.shape, { seed: 4, purpose: "test", index: tensor.numel }).mul(0.05)));
    const noise = normal([8, 32], { seed: 4, purpose: "test", index: 1 });
    const cond = SparseTensor.of(Tensor.from(CELLS, [8, 4]), Tensor.zeros([8, model.condNet.channels]));
    const mask = rows([1, 1, 1, 1, 0, 0, 0, 0], 1);
    const say = (level: number) =>
      Array.from(
        model
          .forward(SparseTensor.of(Tensor.from(CELLS, [8, 4]), noise), [1], cond, { mask, x0: Tensor.zeros([8, 32]).add(level) })
          .narrow(0, 4, 4)
          .toArray(),
      );
    return [say(0.5), say(-1.5)];
  });
}

test("at t = 1, where x is nothing but noise, only a trained network hears what is settled", () => {
  const [a, b] = freeHalf("trained");
  expect(a).not.toEqual(b);
  const [c, d] = freeHalf("reset");
  expect(c).toEqual(d);
});
