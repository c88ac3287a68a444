// hash_grid on CUDA: see ops/hash_grid.cpp.

#include "ops/hash_grid.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/library.h>

#include <tuple>

#include "cuda/hash_grid.h"
#include "launch.h"
#include "sort.h"

namespace earthcraft {
namespace {

constexpr int64_t kMostSamples = int64_t{1} << 28;  // eight corners each are numbered in 31 bits

void check_samples(const char* op, const at::Tensor& positions) {
  TORCH_CHECK(positions.size(0) < kMostSamples, op, ": positions has ", positions.size(0), " rows, of 2^28 at most");
}

template <typename Run>
void for_type(const at::Tensor& tensor, const Run& run) {
  tensor.scalar_type() == at::kFloat ? run(0.0f) : run(0.0);
}

at::Tensor hash_grid(const at::Tensor& positions_N3, const at::Tensor& table_EF, at::IntArrayRef resolutions, int64_t log2_entries) {
  const std::vector<HashLevel> levels = check_hash_grid("hash_grid", positions_N3, table_EF, resolutions, log2_entries);
  check_device("hash_grid", positions_N3, {{"table", table_EF}});
  const OnDevice on(positions_N3);
  const at::Tensor positions = positions_N3.contiguous(), table = table_EF.contiguous();
  const int64_t n = positions.size(0), width = table.size(1);
  at::Tensor out = at::empty({static_cast<int64_t>(levels.size()) * width, n}, positions.options());
  for_type(positions, [&](auto zero) {
    using T = decltype(zero);
    for (size_t l = 0; l < levels.size(); ++l)
      gpu::hash_forward(positions.const_data_ptr<T>(), n, levels[l], table.const_data_ptr<T>() + levels[l].first * width, width,
                        out.mutable_data_ptr<T>() + static_cast<int64_t>(l) * width * n, on.stream());
  });
  on.launched();
  return out.t();
}

std::tuple<at::Tensor, at::Tensor> hash_grid_backward(const at::Tensor& out_grad, const at::Tensor& positions_N3, const at::Tensor& table_EF,
                                                      at::IntArrayRef resolutions, int64_t log2_entries, bool positions_wanted, bool table_wanted) {
  const std::vector<HashLevel> levels = check_hash_grid("hash_grid_backward", positions_N3, table_EF, resolutions, log2_entries);
  check_hash_grad(out_grad, positions_N3, table_EF, levels.size());
  check_device("hash_grid_backward", positions_N3, {{"out_grad", out_grad}, {"table", table_EF}});
  check_samples("hash_grid_backward", positions_N3);
  const OnDevice on(positions_N3);
  const at::Tensor positions = positions_N3.contiguous(), table = table_EF.contiguous(), grad = out_grad.t().contiguous();
  const int64_t n = positions.size(0), width = table.size(1);
  at::Tensor positions_grad = positions_wanted ? at::zeros({n, 3}, positions.options()) : at::Tensor();
  at::Tensor table_grad = table_wanted ? at::zeros(table.sizes(), table.options()) : at::Tensor();
  // Level after level: memory for the sort of one, not of all.
  const at::Tensor keys = at::empty({table_wanted ? 8 * n : 0}, positions.options().dtype(at::kLong)),
                   ids = at::empty(keys.sizes(), positions.options().dtype(at::kInt)),
                   partial = at::empty({(keys.size(0) + gpu::kHashChunk - 1) / gpu::kHashChunk, 2, width}, positions.options());
  for_type(positions, [&](auto zero) {
    using T = decltype(zero);
    for (size_t l = 0; l < levels.size(); ++l) {
      const HashLevel& level = levels[l];
      const T *from = positions.const_data_ptr<T>(), *slopes = grad.const_data_ptr<T>() + static_cast<int64_t>(l) * width * n;
      if (positions_wanted)
        gpu::hash_position_grad(from, n, level, table.const_data_ptr<T>() + level.first * width, slopes, width, positions_grad.mutable_data_ptr<T>(),
                                on.stream());
      if (!table_wanted || n == 0) continue;
      gpu::hash_rows(from, n, level, reinterpret_cast<uint64_t*>(keys.mutable_data_ptr<int64_t>()), ids.mutable_data_ptr<int32_t>(), on.stream());
      const auto [sorted, order] = sort_pairs(keys, ids, gpu::bits_of(static_cast<uint64_t>(level.entries)), on.stream());
      gpu::hash_table_grad(reinterpret_cast<const uint64_t*>(sorted.const_data_ptr<int64_t>()), order.const_data_ptr<int32_t>(), from, n, level,
                           slopes, width, partial.mutable_data_ptr<T>(), table_grad.mutable_data_ptr<T>() + level.first * width, on.stream());
    }
  });
  on.launched();
  return {positions_grad, table_grad};
}

}  // namespace

TORCH_LIBRARY_IMPL(earthcraft, CUDA, m) {
  m.impl("hash_grid", &hash_grid);
  m.impl("hash_grid_backward", &hash_grid_backward);
}

}  // namespace earthcraft
