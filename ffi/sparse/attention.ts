/**
 * Attention of voxels without padding and without a score matrix: inside windows, over whole scenes, and from one set to another.
 *
 * Sizes in names: N voxels, M others, H heads, D channels a head. Any strides; the scale is 1 / √D.
 */
import { ops, type Tensor } from "../index";
import { checkRows, type SparseIndex } from "./sparse-index";

/** Who sees whom: the voxels of a cubic window of `edge`, moved by `shift`; or all of a scene. */
export type AttentionReach = { kind: "window"; edge: number; shift: number } | { kind: "full" };

/** @returns [N, H, D] */
export function windowAttention(
  q_NHD: Tensor,
  k_NHD: Tensor,
  v_NHD: Tensor,
  index: SparseIndex,
  { edge, shift }: { edge: number; shift: number },
): Tensor {
  checkRows("windowAttention", q_NHD.size(0), index);
  const { order, starts } = index.windows(edge, shift);
  return ops.earthcraft.windowAttention(q_NHD, k_NHD, v_NHD, order, starts);
}

/**
 * Every voxel of `index` sees all voxels of `kvIndex` of its own batch.
 * @returns [N, H, D]; 0 where the other set has no voxel in the batch
 */
export function fullAttention(q_NHD: Tensor, k_MHD: Tensor, v_MHD: Tensor, index: SparseIndex, kvIndex: SparseIndex): Tensor {
  checkRows("fullAttention: queries", q_NHD.size(0), index);
  checkRows("fullAttention: keys", k_MHD.size(0), kvIndex);
  const batches = Math.max(index.batches, kvIndex.batches);
  return ops.earthcraft.raggedAttention(q_NHD, k_MHD, v_MHD, index.scenes(batches), kvIndex.scenes(batches));
}

/**
 * Self-attention on queries, keys and values as one layer makes them. Nothing is split or copied, forward or backward: the fastest way where
 * queries and keys are not normalised first.
 * @param qkv_N3HD [N, 3, H, D]
 * @returns [N, H, D]
 */
export function packedAttention(qkv_N3HD: Tensor, index: SparseIndex, reach: AttentionReach): Tensor {
  checkRows("packedAttention", qkv_N3HD.size(0), index);
  // A window of the greatest edge holds a whole batch.
  const { order, starts } = reach.kind === "window" ? index.windows(reach.edge, reach.shift) : index.windows(65536, 0);
  return ops.earthcraft.windowAttentionPacked(qkv_N3HD, order, starts);
}
