// Sets of voxels on a GPU: the twins of ops/voxel_index.cpp, with the same results in the same order. Most of them wait for the GPU, because the size
// of what they return depends on the data; an index is built once a set and shared by all layers.

#include "../voxel_index.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <torch/library.h>

#include <algorithm>
#include <tuple>

#include "voxel_grid.h"

namespace earthcraft::gpu {
namespace {

at::Tensor longs(const at::Tensor& like, int64_t n) { return at::empty({n}, like.options().dtype(at::kLong)); }
const int64_t* read(const at::Tensor& t) { return t.const_data_ptr<int64_t>(); }
int64_t* write(const at::Tensor& t) { return t.mutable_data_ptr<int64_t>(); }

Runs runs_of(const at::Tensor& keys, bool coarse, const OnDevice& on) {
  const at::Tensor first = longs(keys, keys.size(0));
  mark_first(read(keys), keys.size(0), coarse, write(first), on.stream());
  return counted(first);
}

at::Tensor compacted(const Runs& runs, const at::Tensor& values, const OnDevice& on) {
  at::Tensor kept = longs(runs.first, runs.count);
  compact(read(runs.first), read(runs.place), values.defined() ? read(values) : nullptr, runs.first.size(0), write(kept), on.stream());
  return kept;
}

at::Tensor keys_op(const at::Tensor& coords) { return checked_keys("voxel_keys", "coords", coords); }

int64_t batches_op(const at::Tensor& coords) {
  const VoxelGrid grid("voxel_batches", "coords", coords);
  const int64_t n = grid.keys.size(0);
  return n == 0 ? 0 : morton_voxel(static_cast<uint64_t>(grid.keys.select(0, n - 1).item<int64_t>())).batch + 1;
}

std::tuple<at::Tensor, at::Tensor> unique_op(const at::Tensor& coords) {
  const at::Tensor keys = checked_keys("voxel_unique", "coords", coords);
  const OnDevice on(keys);
  const Sorted in_order = sorted(keys);
  const Runs runs = runs_of(in_order.keys, false, on);
  const at::Tensor inverse = longs(keys, keys.size(0));
  scatter_places(read(runs.place), read(in_order.order), keys.size(0), write(inverse), on.stream());
  const at::Tensor kept = compacted(runs, in_order.keys, on);
  on.launched();
  return {coords_of(kept, coords), inverse};
}

at::Tensor rows_in(const SortedVoxels& set, const at::Tensor& keys, const OnDevice& on) {
  at::Tensor rows = longs(keys, keys.size(0));
  lookup(set, read(keys), keys.size(0), write(rows), on.stream());
  on.launched();
  return rows;
}

at::Tensor lookup_op(const at::Tensor& coords, const at::Tensor& queries) {
  const VoxelGrid grid("voxel_lookup", "coords", coords);
  const OnDevice on(coords);
  return rows_in(grid.view(), checked_keys("voxel_lookup", "queries", queries), on);
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> union_op(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor a_keys = checked_keys("voxel_union", "a", a), b_keys = checked_keys("voxel_union", "b", b);
  const OnDevice on(a);
  const at::Tensor keys = unique_keys(at::cat({a_keys, b_keys}));
  const SortedVoxels set{read(keys), nullptr, keys.size(0)};
  return {coords_of(keys, a), rows_in(set, a_keys, on), rows_in(set, b_keys, on)};
}

std::tuple<at::Tensor, at::Tensor> difference_op(const at::Tensor& a, const at::Tensor& b) {
  const VoxelGrid minus("voxel_difference", "b", b);
  const OnDevice on(a);
  const Sorted in_order = sorted(checked_keys("voxel_difference", "a", a));
  const int64_t n = in_order.keys.size(0);
  const at::Tensor first = longs(in_order.keys, n);
  mark_first(read(in_order.keys), n, false, write(first), on.stream());
  unmark_members(read(in_order.keys), n, minus.view(), write(first), on.stream());
  on.launched();
  const Runs runs = counted(first);
  return {coords_of(compacted(runs, in_order.keys, on), a), compacted(runs, in_order.order, on)};
}

void check_radius(const char* op, int64_t radius) { TORCH_CHECK(radius >= 0 && radius <= 64, op, ": radius must lie in [0, 64], got ", radius); }

// A cube is the sum of three segments, so one axis after the other.
at::Tensor dilate_op(const at::Tensor& coords, int64_t radius, at::IntArrayRef extent) {
  check_radius("voxel_dilate", radius);
  TORCH_CHECK(extent.size() == 3 && extent[0] > 0 && extent[1] > 0 && extent[2] > 0 && std::max({extent[0], extent[1], extent[2]}) <= kAxisEnd,
              "voxel_dilate: extent must be three sizes in [1, ", kAxisEnd, "], got ", extent);
  at::Tensor keys = unique_keys(checked_keys("voxel_dilate", "coords", coords));
  const OnDevice on(coords);
  for (int axis = 0; axis < 3; ++axis) {
    const at::Tensor grown = longs(keys, keys.size(0) * (2 * radius + 1));
    dilate_axis(read(keys), keys.size(0), axis, static_cast<int32_t>(radius), static_cast<int32_t>(extent[static_cast<size_t>(axis)]), write(grown),
                on.stream());
    on.launched();
    keys = unique_keys(grown);
  }
  return coords_of(keys, coords);
}

at::Tensor erode_op(const at::Tensor& coords, int64_t radius) {
  check_radius("voxel_erode", radius);
  at::Tensor keys = unique_keys(checked_keys("voxel_erode", "coords", coords));
  const OnDevice on(coords);
  for (int axis = 0; axis < 3; ++axis) {
    const at::Tensor whole = longs(keys, keys.size(0));
    erode_axis({read(keys), nullptr, keys.size(0)}, axis, static_cast<int32_t>(radius), write(whole), on.stream());
    on.launched();
    keys = compacted(counted(whole), keys, on);
  }
  return coords_of(keys, coords);
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> coarsen_op(const at::Tensor& coords) {
  const VoxelGrid fine("voxel_coarsen", "coords", coords);
  const OnDevice on(coords);
  const int64_t n = fine.keys.size(0);
  const Runs runs = runs_of(fine.keys, true, on);
  const at::Tensor coarse = longs(coords, runs.count), parent = longs(coords, n), children = at::full({runs.count, 8}, -1, coords.options());
  compact_coarse(read(runs.first), read(runs.place), read(fine.keys), n, write(coarse), on.stream());
  coarsen(fine.view(), read(runs.place), write(parent), children.mutable_data_ptr<int32_t>(), on.stream());
  on.launched();
  return {coords_of(coarse, coords), parent, children};
}

// All eight children of every voxel, parent after parent in the order given, slot x + 2y + 4z.
at::Tensor refine_op(const at::Tensor& coords) {
  const at::Tensor rows = shaped_coords("voxel_refine", "coords", coords), trouble = no_trouble(rows, 2);
  const OnDevice on(rows);
  const int64_t n = rows.size(0);
  const at::Tensor keys = longs(rows, n);
  voxel_keys(rows.const_data_ptr<int32_t>(), n, write(keys), write(trouble), on.stream());
  at::Tensor fine = at::empty({8 * n, 4}, rows.options());
  refine(rows.const_data_ptr<int32_t>(), n, fine.mutable_data_ptr<int32_t>(), write(trouble) + 1, on.stream());
  on.launched();
  const at::Tensor found = trouble.cpu();
  check_bounds("voxel_refine", "coords", rows, read(found)[0]);
  const int64_t beyond = read(found)[1];
  if (beyond == kNothing) return fine;
  const at::Tensor there = rows.select(0, beyond).cpu();
  const int32_t* c = there.const_data_ptr<int32_t>();
  TORCH_CHECK_INDEX(false, "voxel_refine: coords row ", beyond, " is (batch ", c[0], ", x ", c[1], ", y ", c[2], ", z ", c[3],
                    "), its children would lie beyond ", kAxisEnd);
}

std::tuple<at::Tensor, at::Tensor> partition_op(const at::Tensor& coords, int64_t edge, int64_t shift) {
  TORCH_CHECK(edge > 0 && edge <= kAxisEnd && shift >= 0 && shift < edge, "window_partition: need 0 <= shift < edge <= ", kAxisEnd, ", got shift ",
              shift, ", edge ", edge);
  checked_keys("window_partition", "coords", coords);
  const at::Tensor rows = shaped_coords("window_partition", "coords", coords);
  const OnDevice on(rows);
  const int64_t n = rows.size(0);
  const at::Tensor keys = longs(rows, n);
  window_keys(rows.const_data_ptr<int32_t>(), n, edge, shift, write(keys), on.stream());
  on.launched();
  const Sorted in_order = sorted(keys);
  const at::Tensor begins = compacted(runs_of(in_order.keys, false, on), at::Tensor(), on);
  return {in_order.order, at::cat({begins, at::full({1}, n, begins.options())})};
}

// Where each batch begins: starts [B + 1] for coords whose batches lie together in ascending order; an absent batch is an empty range.
at::Tensor batch_starts_op(const at::Tensor& coords, int64_t batches) {
  checked_keys("batch_starts", "coords", coords);
  TORCH_CHECK(batches >= 0 && batches <= kBatchEnd, "batch_starts: batches must lie in [0, ", kBatchEnd, "], got ", batches);
  const at::Tensor rows = shaped_coords("batch_starts", "coords", coords), trouble = no_trouble(rows, 2);
  const OnDevice on(rows);
  at::Tensor starts = longs(rows, batches + 1);
  batch_starts(rows.const_data_ptr<int32_t>(), rows.size(0), batches, write(starts), write(trouble), on.stream());
  on.launched();
  const at::Tensor found = trouble.cpu();
  const int64_t high = read(found)[0], falling = read(found)[1];
  const auto batch_of = [&](int64_t row) { return rows.select(0, row).select(0, 0).item<int32_t>(); };
  if (high <= falling && high != kNothing)
    TORCH_CHECK_INDEX(false, "batch_starts: coords row ", high, " belongs to batch ", batch_of(high), ", but there are ", batches, " batches");
  TORCH_CHECK(falling == kNothing, "batch_starts: batches must ascend, but row ", falling, " of batch ", batch_of(falling), " follows batch ",
              batch_of(falling - 1));
  return starts;
}

}  // namespace
}  // namespace earthcraft::gpu

TORCH_LIBRARY_IMPL(earthcraft, CUDA, m) {
  using namespace earthcraft::gpu;
  m.impl("voxel_keys", &keys_op);
  m.impl("voxel_batches", &batches_op);
  m.impl("voxel_unique", &unique_op);
  m.impl("voxel_lookup", &lookup_op);
  m.impl("voxel_union", &union_op);
  m.impl("voxel_difference", &difference_op);
  m.impl("voxel_dilate", &dilate_op);
  m.impl("voxel_erode", &erode_op);
  m.impl("voxel_coarsen", &coarsen_op);
  m.impl("voxel_refine", &refine_op);
  m.impl("window_partition", &partition_op);
  m.impl("batch_starts", &batch_starts_op);
}
