/** The dense grid of the coarse stage: every cell of a g³ cube, cut into patches of 2³ and put together again. */
import { Tensor } from "../../../ffi";
import { SparseTensor } from "../../../ffi/sparse";

/**
 * All cells of `scenes` cubes of edge g, x slowest and z fastest.
 *
 * @param feats [scenes · g³, C]
 */
export function denseGrid(scenes: number, edge: number, feats: Tensor): SparseTensor {
  const coords = new Int32Array(4 * scenes * edge ** 3);
  let at = 0;
  for (let scene = 0; scene < scenes; scene++)
    for (let x = 0; x < edge; x++)
      for (let y = 0; y < edge; y++)
        for (let z = 0; z < edge; z++) {
          coords.set([scene, x, y, z], at);
          at += 4;
        }
  return SparseTensor.of(Tensor.from(coords, [scenes * edge ** 3, 4], { device: feats.device }), feats);
}

/** [B·g³, C] → [B·(g/2)³, 8C]: a patch's cells side by side. */
export function patchify(feats: Tensor, edge: number): Tensor {
  const channels = feats.shape[1]!;
  const half = edge / 2;
  if (!Number.isInteger(half)) throw new RangeError(`patchify: a grid of edge ${edge} does not divide into patches of 2`);
  return feats
    .reshape([-1, half, 2, half, 2, half, 2, channels])
    .permute([0, 1, 3, 5, 2, 4, 6, 7])
    .reshape([-1, 8 * channels]);
}

/** The way back: [B·(g/2)³, 8C] → [B·g³, C]. */
export function unpatchify(patches: Tensor, edge: number): Tensor {
  const channels = patches.shape[1]! / 8;
  const half = edge / 2;
  return patches.reshape([-1, half, half, half, 2, 2, 2, channels]).permute([0, 1, 4, 2, 5, 3, 6, 7]).reshape([-1, channels]);
}
