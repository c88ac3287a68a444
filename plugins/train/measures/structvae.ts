/** How well StructVAE rebuilds a crop it has never seen: the quick look of its training and the protocol of evaluation alike. */
import { noGrad, ops, scope } from "../../../ffi";
import type { SparseTensor } from "../../../ffi/sparse";
import { CLASS_COUNT } from "../../earth/api";
import { cellKeys, coarsened, type Structvae, type VoxelAccuracy, voxelAccuracy } from "../../models/api";
import { bareVoxels, type Crop, xyzOf } from "../crops";

export interface Rebuilt {
  levels: Record<0 | 1 | 2, VoxelAccuracy>;
  /** Every child of the true parents. */
  keepAll: VoxelAccuracy;
  /** None of them: what the majority is where fewer than half of the children are true. */
  dropAll: VoxelAccuracy;
  /** [M, 3]. */
  decoded: Int32Array;
}

/**
 * Free-running: through the latent's mean and back, the head pruning as in sampling.
 *
 * @param cap a level keeps at most so many times the truth's voxels
 */
export function rebuild(model: Structvae, { coords }: Crop, cap: number): Rebuilt {
  return noGrad(() =>
    scope(() => {
      const { posterior, pyramid } = model.encoder.forward(bareVoxels(coords));
      const { levels, voxels } = model.decoder.forward(pyramid[3]!.withFeats(posterior.mean), { by: "predicted", pyramid, cap });
      const truth = pyramid.map(keysOf);
      const accuracy = (level: 0 | 1 | 2): VoxelAccuracy => {
        const at = levels.find((decoded) => decoded.level === level);
        if (!at) return voxelAccuracy(new Float64Array(), new Float64Array(), truth[level]!);
        const kept = level === 0 ? (voxels ? keysOf(voxels) : new Float64Array()) : parentsOf(levels, level);
        return voxelAccuracy(keysOf(at.pseudo), kept, truth[level]!);
      };
      const children = childKeys(pyramid[1]!);
      return {
        levels: { 0: accuracy(0), 1: accuracy(1), 2: accuracy(2) },
        keepAll: voxelAccuracy(children, children, truth[0]!),
        dropAll: voxelAccuracy(children, new Float64Array(), truth[0]!),
        decoded: voxels ? xyzOf(voxels) : new Int32Array(),
      };
    }),
  );
}

/** Teacher-forced: of the children of the true parents, the share that the head classifies rightly, a level. */
export function teacherAccuracy(model: Structvae, { coords }: Crop): Record<0 | 1 | 2, number> {
  return noGrad(() =>
    scope(() => {
      const { posterior, pyramid } = model.encoder.forward(bareVoxels(coords));
      const { levels } = model.decoder.forward(pyramid[3]!.withFeats(posterior.mean), { by: "teacher", pyramid });
      const right = { 0: 0, 1: 0, 2: 0 };
      for (const { level, logits_N2, labels_N } of levels) right[level] = ops.aten.argmax(logits_N2, 1).eq(labels_N!).to("f32").mean().item();
      return right;
    }),
  );
}

export interface Recovered {
  /** True voxels of each class that are among the decoded, index = id. */
  found: number[];
  all: number[];
}

export function recoveredByClass(decoded: Int32Array, { coords, rows, sample }: Crop): Recovered {
  const counts = { found: Array<number>(CLASS_COUNT).fill(0), all: Array<number>(CLASS_COUNT).fill(0) };
  const there = new Set(cellKeys(decoded, 3));
  for (const [i, row] of rows.entries()) {
    const id = sample.semantic[row]!;
    counts.all[id]! += 1;
    if (there.has(cellKeys(coords.subarray(3 * i, 3 * i + 3), 3)[0]!)) counts.found[id]! += 1;
  }
  return counts;
}

/** What a level kept, read from the children that the next finer level made of it. */
function parentsOf(levels: readonly { level: number; pseudo: SparseTensor }[], level: number): Float64Array {
  const finer = levels.find((decoded) => decoded.level === level - 1);
  return finer ? coarsened(finer.pseudo.coords.toArray(), 4, 2) : new Float64Array();
}

function keysOf(voxels: SparseTensor): Float64Array {
  return cellKeys(voxels.coords.toArray(), 4);
}

/** The 8 children of every voxel. */
function childKeys(parents: SparseTensor): Float64Array {
  const coords = parents.coords.toArray();
  const children = new Int32Array(coords.length * 6);
  for (let i = 0; i < coords.length / 4; i++)
    for (let child = 0; child < 8; child++)
      children.set(
        [1, 2, 3].map((axis) => 2 * coords[4 * i + axis]! + ((child >> (axis - 1)) & 1)),
        3 * (8 * i + child),
      );
  return cellKeys(children, 3);
}
