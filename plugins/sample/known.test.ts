import { describe, expect, test } from "bun:test";
import { scope, Tensor } from "../../ffi";
import type { SparseTensor } from "../../ffi/sparse";
import { dct } from "../dataset/api";
import { models as registry } from "../models/api";
import { sceneCondition } from "./conditions";
import { samplingOptions } from "./options";
import { cellsOf, type PipelineModels, type Scene, sampleScene } from "./pipeline";

/** Edge of the window; the western half is settled. */
const EXTENT = 32;
const SETTLED = 16;

/** The mini models with random weights everywhere, so that no output is zero and nothing is learnt. */
function randomModels(): PipelineModels {
  const build = <N extends keyof typeof registry>(name: N) => {
    const model = registry[name].build("mini").materialize({ seed: 5 });
    for (const [i, parameter] of model.parameters().entries()) {
      const { tensor } = parameter;
      scope(
        () =>
          void tensor.detach().add_(
            Tensor.from(
              Float32Array.from({ length: tensor.numel }, (_, k) => 0.03 * Math.sin(1 + i + 1.7 * k)),
              tensor.shape,
            ),
          ),
      );
    }
    return model as ReturnType<(typeof registry)[N]["build"]>;
  };
  return {
    ...{ classsfm: build("classsfm"), latentsfm: build("latentsfm"), structvae: build("structvae"), texfm: build("texfm"), texvae: build("texvae") },
    latentScale: 1.3,
    mean: [0.1, -0.2, 0.3, 0, 0.5, -0.5, 0.2, 0.7],
    std: [1, 1.2, 0.7, 0.9, 1.1, 0.8, 1.3, 0.6],
  };
}

const structure = { ...samplingOptions.structure.parse({ flow: { steps: 3 }, roughening: { simplify: 1 }, voxelCap: 4000 }), tau: 0.2 };
const texture = samplingOptions.texture.parse({ flow: { steps: 3 } });
const map = Uint8Array.from({ length: EXTENT ** 2 }, (_, i) => 1 + (Math.floor(i / 7) % 9));

/** Rows of a scene's level in the settled columns: key of the cell → its features. */
function settledRows({ coords, feats }: SparseTensor, factor: number): Map<string, number[]> {
  const [cells, values] = [cellsOf(coords), feats.toArray() as Float32Array];
  const channels = feats.shape[1]!;
  const rows = new Map<string, number[]>();
  for (let i = 0; i < cells.length / 3; i++)
    if (cells[3 * i]! * factor < SETTLED)
      rows.set(cells.subarray(3 * i, 3 * i + 3).join(), Array.from(values.subarray(channels * i, channels * (i + 1))));
  return rows;
}

describe("a window that grows a scene", () => {
  const models = randomModels();
  const sight = { extent: EXTENT, extractor: dct, mapPixels: 8 };
  const request = (seed: number) => ({ condition: sceneCondition({ kind: "semantic", map }, sight, seed), seed, structure, texture });
  const first: Scene = sampleScene(models, request(1));
  const columns_LL = Tensor.from(
    Uint8Array.from({ length: EXTENT ** 2 }, (_, i) => (Math.floor(i / EXTENT) < SETTLED ? 1 : 0)),
    [EXTENT, EXTENT],
  ).to("bool");
  const known = { structure: { columns_LL, cells: first.latents!, voxels: first.texture }, texture: { columns_LL, voxels: first.texture } };
  const second = sampleScene(models, { ...request(2), known });

  test("has something to repeat, and something of its own", () => {
    expect(settledRows(first.latents!, 8).size).toBeGreaterThan(3);
    expect(settledRows(first.texture, 1).size).toBeGreaterThan(50);
    expect(second.texture.coords.shape[0]!).toBeGreaterThan(settledRows(first.texture, 1).size);
  });

  test("repeats the settled coarse cells", () => {
    const coarse = new Set<string>();
    for (let i = 0; i < second.coarse!.length; i += 3) if (second.coarse![i]! * 8 < SETTLED) coarse.add(second.coarse!.subarray(i, i + 3).join());
    expect([...coarse].sort()).toEqual([...settledRows(first.latents!, 8).keys()].sort());
  });

  test("repeats the settled latents to the bit", () => {
    expect(settledRows(second.latents!, 8)).toEqual(settledRows(first.latents!, 8));
  });

  test("repeats the settled voxels and their texture to the bit", () => {
    expect(settledRows(second.texture, 1)).toEqual(settledRows(first.texture, 1));
  });

  test("makes the other columns from its own noise", () => {
    const free = ({ texture: { coords } }: Scene) => {
      const cells = cellsOf(coords);
      return Array.from({ length: cells.length / 3 }, (_, i) => cells.subarray(3 * i, 3 * i + 3))
        .filter(([x]) => x! >= SETTLED)
        .join(" ");
    };
    expect(free(second)).not.toBe(free(first));
  });
});
