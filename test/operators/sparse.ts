/** Samples of the operators on sets of voxels. */
import { ops, Tensor } from "../../ffi";
import { coordsOf, randomRows } from "../voxels";
import { index, leaf, type Samples } from "./sample";

const e = ops.earthcraft;
const COUNT = 1500;
const CHANNELS = 32;

/** Two batches of a thick sheet, in Morton order. */
const voxels = (seed = 3) => e.voxelUnique(coordsOf(randomRows({ count: COUNT / 2, extent: [23, 19, 7], batches: 2, seed })))[0];
const pairs = (coords: Tensor) => e.convPairs(e.neighbourMap(coords, coords, 3, 1));
const tokens = () => leaf(COUNT, 4, 16);

export const sparse: Samples = {
  "earthcraft::batch_starts": () => e.batchStarts(voxels(), 2),
  "earthcraft::conv_pairs": () => pairs(voxels()),
  "earthcraft::neighbour_map": () => e.neighbourMap(voxels(), voxels(), 3, 1),
  "earthcraft::neighbour_map_turned": () => {
    const coords = voxels();
    const [coarse] = e.voxelCoarsen(coords);
    return e.neighbourMapTurned(e.neighbourMap(coarse, coords, 3, 2), COUNT);
  },
  "earthcraft::ragged_attention": () => {
    const starts = Tensor.from([0, 700, 701, COUNT], [4], { dtype: "i64" });
    return e.raggedAttention(tokens(), tokens(), tokens(), starts, starts);
  },
  "earthcraft::sparse_avg_down": () => {
    const [, parent, children] = e.voxelCoarsen(voxels());
    return e.sparseAvgDown(leaf(COUNT, CHANNELS), children, parent);
  },
  "earthcraft::sparse_conv": () => {
    const [list, starts] = pairs(voxels());
    return e.sparseConv(leaf(COUNT, CHANNELS), leaf(27, CHANNELS, 24), leaf(24), list, starts, null, null, COUNT, leaf(COUNT, 24));
  },
  "earthcraft::sparse_copy_up": () => {
    const [coarse, parent, children] = e.voxelCoarsen(voxels());
    return e.sparseCopyUp(leaf(coarse.shape[0]!, CHANNELS), children, parent);
  },
  "earthcraft::voxel_batches": () => Tensor.scalar(e.voxelBatches(voxels())),
  "earthcraft::voxel_coarsen": () => e.voxelCoarsen(voxels()),
  "earthcraft::voxel_difference": () => e.voxelDifference(voxels(), voxels(4)),
  "earthcraft::voxel_dilate": () => e.voxelDilate(voxels(), 2, [30, 30, 30]),
  "earthcraft::voxel_erode": () => e.voxelErode(e.voxelDilate(voxels(), 2, [30, 30, 30]), 1),
  "earthcraft::voxel_lookup": () => e.voxelLookup(voxels(), voxels(4)),
  "earthcraft::voxel_refine": () => e.voxelRefine(voxels()),
  "earthcraft::voxel_union": () => e.voxelUnion(voxels(), voxels(4)),
  "earthcraft::voxel_unique": () => e.voxelUnique(voxels().indexSelect(0, index(COUNT, 4000))),
  "earthcraft::window_attention": () => {
    const [order, starts] = e.windowPartition(voxels(), 8, 4);
    return e.windowAttention(tokens(), tokens(), tokens(), order, starts);
  },
  "earthcraft::window_attention_packed": () => {
    const [order, starts] = e.windowPartition(voxels(), 8, 4);
    return e.windowAttentionPacked(leaf(COUNT, 3, 4, 16), order, starts);
  },
  "earthcraft::window_partition": () => e.windowPartition(voxels(), 8, 0),
};
