// Which voxel meets which under a kernel, on a GPU: the twins of ops/neighbour_map.cpp, with the same maps and the same lists in the same order.

#include "../neighbour_map.h"

#include <ATen/ops/cumsum.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <torch/library.h>

#include <tuple>

#include "../../kernels/conv_block.h"
#include "voxel_grid.h"

namespace earthcraft::gpu {
namespace {

// int32 [queries, kernel³], row of `coords` or −1
at::Tensor map_op(const at::Tensor& queries, const at::Tensor& coords, int64_t kernel, int64_t stride) {
  TORCH_CHECK((kernel == 2 || kernel == 3) && (stride == 1 || stride == 2), "neighbour_map: kernel must be 2 or 3 and stride 1 or 2, got kernel ",
              kernel, ", stride ", stride);
  const VoxelGrid grid("neighbour_map", "coords", coords);
  checked_keys("neighbour_map", "queries", queries);
  const at::Tensor rows = shaped_coords("neighbour_map", "queries", queries);
  const OnDevice on(rows);
  at::Tensor map = at::empty({rows.size(0), kernel * kernel * kernel}, coords.options());
  neighbour_map(rows.const_data_ptr<int32_t>(), rows.size(0), grid.view(), static_cast<int>(kernel), static_cast<int>(stride),
                map.mutable_data_ptr<int32_t>(), on.stream());
  on.launched();
  return map;
}

at::Tensor checked_map(const char* op, const at::Tensor& neighbours) {
  TORCH_CHECK(neighbours.dim() == 2 && neighbours.scalar_type() == at::kInt, op, ": neighbours must be int32 [N, taps], got ",
              neighbours.scalar_type(), " ", neighbours.sizes());
  return neighbours.contiguous();
}

// A map turned round, for the gradient and for the transposed convolution: int32 [rows, taps], the query that meets this row under this tap, or −1.
at::Tensor turned_op(const at::Tensor& neighbours, int64_t rows) {
  const at::Tensor map = checked_map("neighbour_map_turned", neighbours), trouble = no_trouble(map, 2);
  TORCH_CHECK(rows >= 0 && rows <= INT32_MAX, "neighbour_map_turned: rows must lie in [0, ", INT32_MAX, "], got ", rows);
  const int64_t queries = map.size(0), taps = map.size(1);
  const OnDevice on(map);
  at::Tensor turned = at::full({rows, taps}, -1, map.options());
  turn_map(map.const_data_ptr<int32_t>(), queries, taps, rows, turned.mutable_data_ptr<int32_t>(), trouble.mutable_data_ptr<int64_t>(), on.stream());
  on.launched();
  const at::Tensor found = trouble.cpu();
  const int64_t missing = found.const_data_ptr<int64_t>()[0], taken = found.const_data_ptr<int64_t>()[1];
  const auto entry = [&](int64_t at) { return map.view({-1}).select(0, at).item<int32_t>(); };
  if (missing != kNothing)
    TORCH_CHECK_INDEX(false, "neighbour_map_turned: neighbours row ", missing / taps, ", tap ", missing % taps, " is ", entry(missing),
                      ", but there are ", rows, " rows");
  if (taken != kNothing)
    TORCH_CHECK_INDEX(false, "neighbour_map_turned: neighbours row ", entry(taken), " is met under tap ", taken % taps, " by queries ",
                      turned.select(0, entry(taken)).select(0, taken % taps).item<int32_t>(), " and ", taken / taps, "; one at most is possible");
  return turned;
}

// pairs int32 [2, P] (input row, output row) grouped by block of output rows, then by tap; starts int64 [blocks * taps + 1]
std::tuple<at::Tensor, at::Tensor> pairs_op(const at::Tensor& neighbours) {
  const at::Tensor map = checked_map("conv_pairs", neighbours);
  const int64_t rows = map.size(0), taps = map.size(1), cells = (rows + kConvBlock - 1) / kConvBlock * taps;
  const OnDevice on(map);
  const auto longs = map.options().dtype(at::kLong);
  const at::Tensor counts = at::empty({cells}, longs);
  at::Tensor starts = at::zeros({cells + 1}, longs);
  count_pairs(map.const_data_ptr<int32_t>(), rows, taps, counts.mutable_data_ptr<int64_t>(), on.stream());
  on.launched();
  starts.narrow(0, 1, cells).copy_(at::cumsum(counts, 0));
  const int64_t total = starts.select(0, cells).item<int64_t>();
  at::Tensor pairs = at::empty({2, total}, map.options());
  int32_t* in_rows = pairs.mutable_data_ptr<int32_t>();
  list_pairs(map.const_data_ptr<int32_t>(), rows, taps, starts.const_data_ptr<int64_t>(), in_rows, in_rows + total, on.stream());
  on.launched();
  return {pairs, starts};
}

}  // namespace
}  // namespace earthcraft::gpu

TORCH_LIBRARY_IMPL(earthcraft, CUDA, m) {
  using namespace earthcraft::gpu;
  m.impl("neighbour_map", &map_op);
  m.impl("neighbour_map_turned", &turned_op);
  m.impl("conv_pairs", &pairs_op);
}
