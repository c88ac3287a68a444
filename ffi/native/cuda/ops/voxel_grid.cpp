#include "voxel_grid.h"

#include <ATen/ops/cumsum.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/full.h>
#include <ATen/ops/sort.h>

namespace earthcraft::gpu {

at::Tensor shaped_coords(const char* op, const char* argument, const at::Tensor& coords) {
  TORCH_CHECK(coords.dim() == 2 && coords.size(1) == 4 && coords.scalar_type() == at::kInt, op, ": ", argument,
              " must be int32 [N, 4] (batch, x, y, z), got ", coords.scalar_type(), " ", coords.sizes());
  TORCH_CHECK(coords.is_cuda(), op, ": ", argument, " lies on ", coords.device(), ", the other tensors on a GPU");
  TORCH_CHECK(coords.size(0) <= INT32_MAX, op, ": ", argument, " has ", coords.size(0), " voxels, at most ", INT32_MAX, " are possible");
  const at::Tensor rows = coords.contiguous();
  return reinterpret_cast<uintptr_t>(rows.const_data_ptr()) % 16 == 0 ? rows : rows.clone();
}

at::Tensor no_trouble(const at::Tensor& like, int64_t kinds) { return at::full({kinds}, kNothing, like.options().dtype(at::kLong)); }

int64_t first_trouble(const at::Tensor& trouble, int64_t which) { return trouble.select(0, which).item<int64_t>(); }

void check_bounds(const char* op, const char* argument, const at::Tensor& coords, int64_t row) {
  if (row == kNothing) return;
  const at::Tensor there = coords.select(0, row).cpu();
  const int32_t* c = there.const_data_ptr<int32_t>();
  TORCH_CHECK_INDEX(false, op, ": ", argument, " row ", row, " is (batch ", c[0], ", x ", c[1], ", y ", c[2], ", z ", c[3],
                    "), but x, y, z must lie in [0, ", kAxisEnd, ") and batch in [0, ", kBatchEnd, ")");
}

namespace {

// Keys, and the first row outside of the bounds in trouble[0].
at::Tensor keys_of(const at::Tensor& rows, const at::Tensor& trouble) {
  const OnDevice on(rows);
  at::Tensor keys = at::empty({rows.size(0)}, rows.options().dtype(at::kLong));
  voxel_keys(rows.const_data_ptr<int32_t>(), rows.size(0), keys.mutable_data_ptr<int64_t>(), trouble.mutable_data_ptr<int64_t>(), on.stream());
  on.launched();
  return keys;
}

}  // namespace

at::Tensor checked_keys(const char* op, const char* argument, const at::Tensor& coords) {
  const at::Tensor rows = shaped_coords(op, argument, coords), trouble = no_trouble(rows);
  at::Tensor keys = keys_of(rows, trouble);
  check_bounds(op, argument, rows, first_trouble(trouble));
  return keys;
}

at::Tensor coords_of(const at::Tensor& keys, const at::Tensor& like) {
  const OnDevice on(keys);
  at::Tensor coords = at::empty({keys.size(0), 4}, like.options());
  voxel_coords(keys.const_data_ptr<int64_t>(), keys.size(0), coords.mutable_data_ptr<int32_t>(), on.stream());
  on.launched();
  return coords;
}

Sorted sorted(const at::Tensor& keys) {
  auto [in_order, order] = at::sort(keys, /*stable=*/true, /*dim=*/0, /*descending=*/false);
  return {in_order, order};
}

Runs counted(const at::Tensor& first) {
  const at::Tensor place = at::cumsum(first, 0);
  return {first, place, first.size(0) == 0 ? 0 : place.select(0, first.size(0) - 1).item<int64_t>()};
}

at::Tensor unique_keys(const at::Tensor& keys) {
  const OnDevice on(keys);
  const at::Tensor in_order = sorted(keys).keys;
  const int64_t n = keys.size(0);
  at::Tensor first = at::empty_like(in_order);
  mark_first(in_order.const_data_ptr<int64_t>(), n, false, first.mutable_data_ptr<int64_t>(), on.stream());
  const Runs runs = counted(first);
  at::Tensor kept = at::empty({runs.count}, keys.options());
  compact(runs.first.const_data_ptr<int64_t>(), runs.place.const_data_ptr<int64_t>(), in_order.const_data_ptr<int64_t>(), n,
          kept.mutable_data_ptr<int64_t>(), on.stream());
  on.launched();
  return kept;
}

VoxelGrid::VoxelGrid(const char* op, const char* argument, const at::Tensor& coords) {
  const at::Tensor rows = shaped_coords(op, argument, coords), trouble = no_trouble(rows, 2);
  const OnDevice on(rows);
  const Sorted in_order = sorted(keys_of(rows, trouble));
  keys = in_order.keys;
  order = in_order.order;
  find_duplicate(keys.const_data_ptr<int64_t>(), keys.size(0), trouble.mutable_data_ptr<int64_t>() + 1, on.stream());
  on.launched();
  const at::Tensor found = trouble.cpu();
  const int64_t* at = found.const_data_ptr<int64_t>();
  check_bounds(op, argument, rows, at[0]);
  if (at[1] == kNothing) return;
  const Voxel v = morton_voxel(static_cast<uint64_t>(keys.select(0, at[1]).item<int64_t>()));
  TORCH_CHECK_INDEX(false, op, ": ", argument, " holds voxel (batch ", v.batch, ", x ", v.x, ", y ", v.y, ", z ", v.z, ") twice, in rows ",
                    order.select(0, at[1] - 1).item<int64_t>(), " and ", order.select(0, at[1]).item<int64_t>(), "; voxel_unique merges duplicates");
}

}  // namespace earthcraft::gpu
