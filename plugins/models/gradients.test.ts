import { describe, expect, test } from "bun:test";
import { AdamW, type Module, normal, scope, Tensor } from "../../ffi";
import { SparseTensor } from "../../ffi/sparse";
import { rematerializing } from "./blocks/rematerialize";
import { Classsfm } from "./classsfm/model";
import { repeatScene } from "./conditions/align";
import { emptyCondition, semanticCondition, sparseOf, toTensor } from "./conditions/struct-condition";
import { type ModelName, models } from "./registry";

/** A bumpy floor: 2 voxels or so a column. */
function floor(extent: number): Int32Array {
  const coords: number[] = [];
  for (let x = 0; x < extent; x++)
    for (let y = 0; y < extent; y++) {
      const z = 6 + Math.floor(4 * Math.sin(x / 5) * Math.cos(y / 4) + ((x * 7 + y * 3) % 3));
      coords.push(0, x, y, z, 0, x, y, z + 1);
    }
  return Int32Array.from(coords);
}

const coords_N4 = floor(16);
const n = coords_N4.length / 4;
const noise = (rows: number, channels: number, index: number) => normal([rows, channels], { seed: 5, purpose: "test", index });
const voxels = (channels: number, index: number) => SparseTensor.of(Tensor.from(coords_N4, [n, 4]), noise(n, channels, index));
const map = Uint8Array.from({ length: 16 * 16 }, (_, i) => (i % 5) + 1);

/** Some loss that all outputs of a pass enter. */
const losses: { [N in ModelName]: (model: ReturnType<(typeof models)[N]["build"]>, step: number) => Tensor } = {
  texvae: (model, step) => {
    const x = voxels(66, 1);
    const posterior = model.encoder.forward(x);
    const raw = model.decoder.forward(x.withFeats(posterior.sample(noise(n, 8, step))));
    return raw
      .sub(noise(n, raw.shape[1]!, 9))
      .pow(2)
      .mean()
      .add(posterior.kl().mean().mul(1e-3));
  },
  structvae: (model, step) => {
    const { posterior, pyramid } = model.encoder.forward(voxels(1, 1));
    const z = pyramid[3]!.withFeats(posterior.sample(noise(pyramid[3]!.coords.shape[0]!, 32, step)));
    const { levels } = model.decoder.forward(z, { by: "teacher", pyramid });
    expect(levels).toHaveLength(3);
    return levels.reduce(
      (sum, { logits_N2, labels_N }) =>
        sum.add(logits_N2.select(1, 1).sub(labels_N!).pow(2).mean()).add(logits_N2.select(1, 0).add(labels_N!).pow(2).mean()),
      posterior.kl().mean().mul(1e-3),
    );
  },
  classsfm: (model, step) => {
    const condition = step % 2 === 0 ? semanticCondition(map, 16) : emptyCondition(16);
    const cond = repeatScene(model.condNet.forward(toTensor(condition)), 2);
    return model
      .forward(noise(16, 1, step), [0.3, 0.8], 2, cond)
      .sub(noise(16, 1, 7))
      .pow(2)
      .mean();
  },
  latentsfm: (model, step) => {
    const cond = model.condNet.forward(toTensor(semanticCondition(map, 16)));
    const cells = Tensor.from(Int32Array.of(0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1), [4, 4]);
    return model
      .forward(SparseTensor.of(cells, noise(4, 32, step)), [0.6], cond)
      .sub(noise(4, 32, 7))
      .pow(2)
      .mean();
  },
  texfm: (model, step) => {
    const cond = model.condNet.forward(
      sparseOf({
        coords: Int32Array.from(coords_N4.filter((_, i) => i % 4 !== 0)),
        feats: new Float32Array(16 * n).map((_, i) => Math.sin(i)),
        channels: 16,
      }),
    );
    return model
      .forward(voxels(8, step), [0.4], cond)
      .sub(noise(n, 8, 7))
      .pow(2)
      .mean();
  },
};

describe("every parameter of the mini models learns within 4 updates", () => {
  for (const name of Object.keys(losses) as ModelName[])
    test(name, () => {
      const model = models[name].build("mini").materialize({ seed: 1 });
      const idle = new Set(model.namedParameters().keys());
      const optimiser = new AdamW(model.namedParameters(), { lr: 1e-2 });
      for (let step = 0; step < 4; step++) {
        scope(() => {
          const loss = (losses[name] as (model: Module, step: number) => Tensor)(model, step);
          loss.backward();
          for (const [path, parameter] of model.namedParameters()) if ((parameter.tensor.grad?.abs().max().item() ?? 0) > 0) idle.delete(path);
        });
        optimiser.step();
        model.zeroGrad();
      }
      expect([...idle]).toEqual([]);
    });
});

test("cross-attention conditions reach ClassSFM's output as well", () => {
  const config = { ...models.classsfm.build("mini").config, condition: { by: "cross" as const, every: 2 } };
  const model = new Classsfm(config).materialize({ seed: 1 });
  const optimiser = new AdamW(model.namedParameters(), { lr: 1e-2 });
  const idle = new Set(model.namedParameters().keys());
  for (let step = 0; step < 4; step++) {
    scope(() => {
      losses.classsfm(model, step).backward();
      for (const [path, parameter] of model.namedParameters()) if ((parameter.tensor.grad?.abs().max().item() ?? 0) > 0) idle.delete(path);
    });
    optimiser.step();
    model.zeroGrad();
  }
  expect([...idle]).toEqual([]);
});

describe("recomputed blocks", () => {
  for (const name of ["texvae", "latentsfm", "texfm"] as const)
    test(`${name}: the gradients are the same to the bit`, () => {
      const model = models[name].build("mini").materialize({ seed: 1 });
      // Away from the start, where gates are shut and gradients zero.
      model.loadStateDict(
        new Map(
          [...model.stateDict()].map(([path, tensor], i) => [
            path,
            tensor.add(normal(tensor.shape, { seed: 2, purpose: "test", index: i }).mul(0.02)),
          ]),
        ),
      );
      const gradients = (on: boolean) => {
        model.zeroGrad();
        scope(() => rematerializing(on, () => (losses[name] as (model: Module, step: number) => Tensor)(model, 0)).backward());
        return new Map([...model.namedParameters()].map(([path, { tensor }]) => [path, tensor.grad!.toArray()]));
      };
      const [kept, recomputed] = [gradients(false), gradients(true)];
      for (const [path, values] of kept) expect(recomputed.get(path)).toEqual(values);
    });
});
