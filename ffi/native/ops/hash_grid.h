// The checked arguments of hash_grid, the same for every device.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "../kernels/hash_cells.h"

namespace earthcraft {

constexpr int64_t kMostHashLevels = 32;
constexpr int64_t kMostHashResolution = 1 << 20;  // cells an axis: f32 positions are no finer

// Levels whose corners fit into 2^log2_entries rows are dense, the others hashed.
inline std::vector<HashLevel> hash_levels(const char* op, at::IntArrayRef resolutions, int64_t log2_entries) {
  TORCH_CHECK(!resolutions.empty() && static_cast<int64_t>(resolutions.size()) <= kMostHashLevels, op, ": resolutions must name 1 to ",
              kMostHashLevels, " levels, got ", resolutions.size());
  TORCH_CHECK(log2_entries >= 1 && log2_entries <= 24, op, ": log2_entries must lie in [1, 24], got ", log2_entries);
  std::vector<HashLevel> levels;
  int64_t first = 0;
  for (const int64_t resolution : resolutions) {
    TORCH_CHECK(resolution >= 1 && resolution <= kMostHashResolution, op, ": resolutions must lie in [1, ", kMostHashResolution, "], got ",
                resolution);
    const int64_t side = resolution + 1, most = int64_t{1} << log2_entries;
    const bool dense = side <= most && side * side <= most && side * side * side <= most;
    const int64_t entries = dense ? side * side * side : most;
    levels.push_back({static_cast<int32_t>(resolution), static_cast<int32_t>(entries), first, dense});
    first += entries;
  }
  return levels;
}

inline std::vector<HashLevel> check_hash_grid(const char* op, const at::Tensor& positions_N3, const at::Tensor& table_EF, at::IntArrayRef resolutions,
                                              int64_t log2_entries) {
  const std::vector<HashLevel> levels = hash_levels(op, resolutions, log2_entries);
  const at::ScalarType dtype = positions_N3.scalar_type();
  TORCH_CHECK(positions_N3.dim() == 2 && positions_N3.size(1) == 3 && (dtype == at::kFloat || dtype == at::kDouble), op,
              ": positions must be float32 [N, 3], got ", dtype, " ", positions_N3.sizes());
  const int64_t rows = levels.back().first + levels.back().entries;
  TORCH_CHECK(table_EF.dim() == 2 && table_EF.size(0) == rows && table_EF.scalar_type() == dtype, op, ": table must be ", dtype, " [", rows,
              ", features] for these levels, got ", table_EF.scalar_type(), " ", table_EF.sizes());
  const int64_t width = table_EF.size(1);
  TORCH_CHECK(width == 1 || width == 2 || width == 4 || width == 8, op, ": table must have 1, 2, 4 or 8 features a row, got ", width);
  return levels;
}

inline void check_hash_grad(const at::Tensor& out_grad, const at::Tensor& positions_N3, const at::Tensor& table_EF, size_t levels) {
  const int64_t channels = static_cast<int64_t>(levels) * table_EF.size(1);
  TORCH_CHECK(out_grad.dim() == 2 && out_grad.size(0) == positions_N3.size(0) && out_grad.size(1) == channels &&
                  out_grad.scalar_type() == positions_N3.scalar_type(),
              "hash_grid_backward: out_grad must be ", positions_N3.scalar_type(), " [", positions_N3.size(0), ", ", channels, "], got ",
              out_grad.scalar_type(), " ", out_grad.sizes());
}

}  // namespace earthcraft
