/** Who of the pseudo-sparse voxels stays: by the truth (teacher), or by the head's own word under a cap on their number. */
import { noGrad, ops, scope, type Tensor } from "../../../ffi";
import type { SparseTensor } from "../../../ffi/sparse";

/** 0 where the voxel is not in the truth, 1 where it is: int64 [N]. */
export function labels(pseudo: SparseTensor, truth: SparseTensor): Tensor {
  return scope(() => truth.index.lookup(pseudo.coords).ge(0).to("i64"));
}

/** Rows with label 1, in order: int64 [M]. */
export function teacherRows(labels_N: Tensor): Tensor {
  return scope(() => ops.aten.nonzero(labels_N).flatten());
}

/**
 * Rows whose "keep" logit is the larger; of more than `cap` the surest, in their order.
 *
 * @param cap most voxels to keep: in training 2 × the truth, in sampling a number of the recipe
 * @returns int64 [M], M ≤ cap, possibly 0
 */
export function predictedRows(logits_N2: Tensor, cap: number): Tensor {
  return noGrad(() =>
    scope(() => {
      const surplus = logits_N2.select(1, 1).sub(logits_N2.select(1, 0));
      const kept = ops.aten.nonzero(surplus.gt(0)).flatten();
      if (kept.numel <= cap) return kept;
      const [, best] = ops.aten.topk(surplus, cap, 0, true, true);
      const [inOrder] = ops.aten.sort(best);
      return inOrder;
    }),
  );
}
