/** Sparse voxels: sets of coordinates with features, and the layers that work on them. */
export { type AttentionReach, fullAttention, packedAttention, windowAttention } from "./attention";
export { StridedConv3d, SubMConv3d, TransposedConv3d } from "./convolution";
export { avgPool, SparsePixelShuffle, upsampleCopy } from "./resample";
export { SparseIndex } from "./sparse-index";
export { SparseTensor } from "./sparse-tensor";
