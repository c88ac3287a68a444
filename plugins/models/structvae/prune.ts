/** Who of the pseudo-sparse voxels stays: by the truth (teacher), or by the head's own word under a cap on their number. */
import { noGrad, ops, scope, Tensor } from "../../../ffi";
import type { SparseTensor } from "../../../ffi/sparse";

/** Beyond any logit: settled voxels come first under a cap. */
const CERTAIN = 1e6;

/** 0 where the voxel is not in the truth, 1 where it is: int64 [N]. */
export function labels(pseudo: SparseTensor, truth: SparseTensor): Tensor {
  return scope(() => truth.index.lookup(pseudo.index).ge(0).to("i64"));
}

/** Rows with label 1, in order: int64 [M]. */
export function teacherRows(labels_N: Tensor): Tensor {
  return scope(() => ops.aten.nonzero(labels_N).flatten());
}

/**
 * Rows whose "keep" logit is the larger; of more than `cap` the surest, in their order.
 *
 * @param cap most voxels to keep: in training 2 × the truth, in sampling a number of the recipe
 * @param ground coordinates [N, 4]: a column that would be empty keeps its surest row, unless it is settled
 * @returns int64 [M], M ≤ cap, possibly 0
 */
export function predictedRows(logits_N2: Tensor, cap: number, ground?: Tensor): Tensor {
  return noGrad(() =>
    scope(() => {
      const surplus = logits_N2.select(1, 1).sub(logits_N2.select(1, 0));
      const stays = ground ? surplus.gt(0).logicalOr(surestOfColumn(surplus, ground)) : surplus.gt(0);
      const kept = ops.aten.nonzero(stays).flatten();
      if (kept.numel <= cap) return kept;
      const [, best] = ops.aten.topk(surplus, cap, 0, true, true);
      const [inOrder] = ops.aten.sort(best);
      return inOrder;
    }),
  );
}

/** Whether a row's surplus is its column's largest: bool [N]. Of equals all are; of settled columns that hold nothing none is. */
function surestOfColumn(surplus_N: Tensor, coords_N4: Tensor): Tensor {
  const columns = ops.aten.cat([coords_N4.narrow(1, 0, 3), Tensor.zeros([coords_N4.shape[0]!, 1], { dtype: "i32", device: coords_N4.device })], 1);
  const [unique, inverse] = ops.earthcraft.voxelUnique(columns.contiguous());
  const lowest = Tensor.full([unique.shape[0]!], Number.NEGATIVE_INFINITY, { device: surplus_N.device });
  const largest = ops.aten.scatterReduce(lowest, 0, inverse.to("i64"), surplus_N.to("f32"), "amax");
  return surplus_N.ge(largest.indexSelect(0, inverse.to("i64"))).logicalAnd(surplus_N.gt(-CERTAIN));
}

/** What is settled when a scene grows window by window. */
export interface KnownVoxels {
  /** bool [L, L] by (x, y): the columns that are settled. */
  columns_LL: Tensor;
  /** The voxels that stand there, int32 [N, 4] at L. */
  coords_N4: Tensor;
}

/**
 * Logits that keep, in settled columns, exactly the voxels over which a known voxel stands.
 *
 * @param coords_N4 pseudo-sparse voxels of `level`
 */
export function settledLogits(logits_N2: Tensor, coords_N4: Tensor, { columns_LL, coords_N4: known }: KnownVoxels, level: number): Tensor {
  return scope(() => {
    const factor = 2 ** level;
    const edge = columns_LL.shape[1]!;
    const axis = (i: number) => coords_N4.select(1, i).to("i64").mul(factor);
    const isSettled = columns_LL
      .flatten()
      .indexSelect(0, axis(1).mul(edge).add(axis(2)))
      .reshape([-1, 1]);
    const cells = ops.aten.cat(
      [known.narrow(1, 0, 1), ops.aten.div(known.narrow(1, 1, 3), Tensor.from(Int32Array.of(factor), [1]), { roundingMode: "floor" })],
      1,
    );
    const [parents] = ops.earthcraft.voxelUnique(cells.to("i32"));
    const stands = ops.earthcraft.voxelLookup(parents, coords_N4).ge(0).to("f32").mul(2).sub(1).mul(CERTAIN).reshape([-1, 1]);
    return ops.aten.where(isSettled, ops.aten.cat([stands.neg(), stands], 1), logits_N2);
  });
}
