import { expect, test } from "bun:test";
import { Tensor } from "../../../ffi";
import { SparseTensor } from "../../../ffi/sparse";
import { alignTo, repeatScene } from "./align";
import { StructCondNet } from "./struct-cond-net";
import { imageCondition, semanticCondition, toTensor } from "./struct-condition";

const sparse = (cells: number[][], feats: number[][]) =>
  SparseTensor.of(Tensor.from(Int32Array.from(cells.flat()), [cells.length, 4]), Tensor.from(feats.flat(), [feats.length, feats[0]!.length]));

test("scene voxels take the condition at their own cell and scene, zeros elsewhere, and gradients go back", () => {
  const cond = sparse(
    [
      [0, 1, 2, 3],
      [0, 5, 5, 5],
      [1, 1, 2, 3],
    ],
    [
      [1, 10],
      [2, 20],
      [3, 30],
    ],
  );
  cond.feats.requiresGrad_();
  const scene = sparse(
    [
      [0, 5, 5, 5],
      [0, 3, 2, 1],
      [1, 1, 2, 3],
      [1, 5, 5, 5],
    ],
    [[0], [0], [0], [0]],
  );
  const aligned = alignTo(scene, cond);
  expect(Array.from(aligned.toArray())).toEqual([2, 20, 0, 0, 3, 30, 0, 0]);
  aligned.sum().backward();
  expect(Array.from(cond.feats.grad!.toArray())).toEqual([0, 0, 1, 1, 1, 1]);
});

test("a scene repeated is scenes 0, 1, 2 of the same voxels, one after the other", () => {
  const three = repeatScene(
    sparse(
      [
        [0, 4, 5, 6],
        [0, 7, 8, 9],
      ],
      [[1], [2]],
    ),
    3,
  );
  expect(Array.from(three.coords.toArray())).toEqual([0, 4, 5, 6, 0, 7, 8, 9, 1, 4, 5, 6, 1, 7, 8, 9, 2, 4, 5, 6, 2, 7, 8, 9]);
  expect(Array.from(three.feats.toArray())).toEqual([1, 2, 1, 2, 1, 2]);
});

const net = new StructCondNet({ channels: [12, 12, 12, 12], blocks: [1, 1, 1, 1], headDim: 4, down: "mean" }).materialize({ seed: 1 });

test("a map becomes every cell of the coarse grid; its layers differ by their position alone", () => {
  const voxels = net.forward(toTensor(semanticCondition(new Uint8Array(32 * 32).fill(3), 32)));
  expect(voxels.coords.shape).toEqual([64, 4]);
  const cells = Array.from({ length: 64 }, (_, i) => Array.from(voxels.coords.toArray().subarray(4 * i, 4 * i + 4)).join());
  expect(new Set(cells).size).toBe(64);
  net.loadStateDict(new Map([...net.stateDict()].map(([name, tensor]) => [name, name.startsWith("position") ? Tensor.zeros(tensor.shape) : tensor])));
  const flat = net.forward(
    toTensor(
      semanticCondition(
        Uint8Array.from({ length: 32 * 32 }, (_, i) => i % 7),
        32,
      ),
    ),
  );
  const feats = flat.feats.toArray();
  for (let column = 0; column < 16; column++)
    for (let z = 1; z < 4; z++)
      expect(feats.subarray(12 * (4 * column + z), 12 * (4 * column + z + 1))).toEqual(feats.subarray(12 * 4 * column, 12 * (4 * column + 1)));
});

test("an image stays where its points are", () => {
  const view = {
    ...{ width: 2, height: 1, rgb: new Uint8Array(6), depth: Float32Array.of(10, 0) },
    c2w: Float32Array.from([1, 0, 0, 9, 0, 1, 0, 17, 0, 0, 1, 30, 0, 0, 0, 1]),
    intrinsics: Float32Array.of(100, 100, 1, 0.5),
  };
  const condition = toTensor(imageCondition(view, { origin_m: [0, 0, 0], voxel_m: 1, extent: 32 }));
  expect(Array.from(net.forward(condition).coords.toArray())).toEqual([0, 1, 2, 2]);
});

test("a mean over children forgets which of them was which, a convolution does not", () => {
  const map = Uint8Array.from({ length: 32 * 32 }, (_, i) => (i * 7) % 5);
  const swapped = map.slice();
  [swapped[0], swapped[1]] = [map[1]!, map[0]!]; // two cells of one parent
  expect(swapped).not.toEqual(map);
  const difference = (down: "mean" | "convolution") => {
    const bare = new StructCondNet({ channels: [12, 12, 12, 12], blocks: [0, 0, 0, 0], headDim: 4, down }).materialize({ seed: 1 });
    const [one, other] = [map, swapped].map((cells) => bare.forward(toTensor(semanticCondition(cells, 32))).feats);
    return one!.sub(other!).abs().max().item();
  };
  expect(difference("mean")).toBeLessThan(1e-6);
  expect(difference("convolution")).toBeGreaterThan(1e-3);
});
