import { describe, expect, test } from "bun:test";
import { normal, Tensor } from "../../../ffi";
import { SparseTensor } from "../../../ffi/sparse";
import { coarsened } from "../metrics/voxels";
import { structvaeConfig } from "./config";
import { Structvae } from "./model";
import { labels, predictedRows, teacherRows } from "./prune";

const config = structvaeConfig.parse({
  encoder: { channels: [12, 12, 16, 16], blocks: [1, 1, 1, 1] },
  decoder: { channels: [12, 12, 16, 16], pseudoBlocks: [1, 1, 1, 0], sparseBlocks: [0, 1, 1, 1] },
  ...{ headDim: 4, classifier: { channels: 8, blocks: 1 }, latentChannels: 6 },
});
const model = new Structvae(config).materialize({ seed: 1 });
const cells = Int32Array.from(Array.from({ length: 60 }, (_, i) => [0, (i * 5) % 16, (i * 3) % 11, i % 9]).flat());
const voxels = SparseTensor.of(Tensor.from(cells, [60, 4]), Tensor.zeros([60, 1]));
const logits = (surplus: number[]) =>
  Tensor.from(
    surplus.flatMap((value) => [0, value]),
    [surplus.length, 2],
  );

describe("encoder", () => {
  const { posterior, pyramid } = model.encoder.forward(voxels);

  test("its levels are the floor-divided voxels", () => {
    for (const [level, at] of pyramid.entries()) {
      const found = coarsened(at.coords.toArray(), 4, 1);
      expect(found).toEqual(coarsened(cells, 4, 2 ** level));
    }
    expect(posterior.mean.shape).toEqual([pyramid[3]!.size, 6]);
  });

  test("starts as an autoencoder: little noise beside means of about unit size", () => {
    expect(posterior.logVariance.mean().item()).toBeCloseTo(-5, 0);
    expect(posterior.mean.pow(2).mean().item()).toBeGreaterThan(0.2);
  });

  test("by the truth every true voxel is offered, kept and labelled", () => {
    const { levels, voxels: kept } = model.decoder.forward(pyramid[3]!.withFeats(posterior.mean), { by: "teacher", pyramid });
    expect(levels.map(({ level }) => level)).toEqual([2, 1, 0]);
    for (const { level, pseudo, labels_N } of levels) {
      expect(pseudo.size).toBe(8 * pyramid[level + 1]!.size);
      expect(labels_N!.sum().item()).toBe(pyramid[level]!.size);
    }
    expect(coarsened(kept!.coords.toArray(), 4, 1)).toEqual(coarsened(cells, 4, 1));
  });

  test("by its own word no level keeps more than the cap, nor in sampling more than told", () => {
    const z = pyramid[3]!.withFeats(normal([pyramid[3]!.size, 6], { seed: 1, purpose: "test", index: 0 }));
    for (const { level, pseudo } of model.decoder.forward(z, { by: "predicted", pyramid, cap: 1.5 }).levels.slice(1))
      expect(pseudo.size / 8).toBeLessThanOrEqual(Math.ceil(1.5 * pyramid[level + 1]!.size));
    const { levels, voxels: kept } = model.decoder.forward(z, { by: "sampling", most: [7, 5, 3] });
    expect(levels.slice(1).map(({ pseudo }) => pseudo.size / 8)).toEqual([3, 5].map((most, i) => Math.min(most, levels[i + 1]!.pseudo.size / 8)));
    expect(kept?.size ?? 0).toBeLessThanOrEqual(7);
  });

  test("a level that loses all its voxels ends the decoding without one", () => {
    const shut = new Structvae(config).materialize({ seed: 1 });
    const state = new Map(shut.stateDict());
    const name = "decoder.pss.1.classifier.output";
    state.set(`${name}.weight`, Tensor.zeros([2, 8]));
    state.set(`${name}.bias`, Tensor.from([5, -5]));
    shut.loadStateDict(state);
    const { levels, voxels: kept } = shut.decoder.forward(pyramid[3]!.withFeats(posterior.mean), { by: "predicted", pyramid, cap: 100 });
    expect(kept).toBeNull();
    expect(levels.at(-1)!.level).toBeGreaterThan(0);
  });
});

describe("pruning", () => {
  test("keeps where the keep logit is larger, in order; under a cap the surest", () => {
    expect(Array.from(predictedRows(logits([1, -1, 3, 0, 2]), 10).toArray())).toEqual([0, 2, 4]);
    expect(Array.from(predictedRows(logits([1, -1, 2, 0, 3]), 2).toArray())).toEqual([2, 4]);
    expect(predictedRows(logits([-1, -2]), 5).numel).toBe(0);
  });

  test("with ground everywhere a column that would be empty keeps its surest voxel, and a settled one stays as it is", () => {
    // Columns (1, 2) with one voxel above 0, (1, 3) with none, (2, 2) settled and empty; the second scene's (1, 2) is another column.
    const coords = [
      [0, 1, 2, 5, 2],
      [0, 1, 3, 4, -3],
      [0, 1, 2, 6, -1],
      [0, 1, 3, 7, -2],
      [0, 2, 2, 0, -2e6],
      [1, 1, 2, 9, -4],
    ] as const;
    const coords_N4 = Tensor.from(Int32Array.from(coords.flatMap((row) => row.slice(0, 4))), [coords.length, 4]);
    const surplus = logits(coords.map((row) => row[4]));
    expect(Array.from(predictedRows(surplus, 10, coords_N4).toArray())).toEqual([0, 3, 5]);
    expect(Array.from(predictedRows(surplus, 10).toArray())).toEqual([0]);
  });

  test("the teacher keeps what is true", () => {
    const truth = SparseTensor.of(Tensor.from(Int32Array.of(0, 1, 1, 1, 0, 3, 3, 3), [2, 4]), Tensor.zeros([2, 1]));
    const pseudo = SparseTensor.of(Tensor.from(Int32Array.of(0, 3, 3, 3, 0, 2, 2, 2, 0, 1, 1, 1), [3, 4]), Tensor.zeros([3, 1]));
    const found = labels(pseudo, truth);
    expect(Array.from(found.toArray())).toEqual([1, 0, 1]);
    expect(Array.from(teacherRows(found).toArray())).toEqual([0, 2]);
  });
});
