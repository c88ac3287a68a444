// The checked arguments of the occupancy grid's operators, the same for every device.
#pragma once

#include "march_rays.h"

namespace earthcraft {

constexpr int64_t kOccupancySlice = 1 << 12;  // cells whose sum of densities is taken by itself, on every device

inline OccupancyCubes check_points(const at::Tensor& cells_M, const at::Tensor& within_M3, int64_t resolution, int64_t cascades) {
  const OccupancyCubes cubes = read_cubes("occupancy_points", resolution, cascades, {0.0, 0.0, 0.0}, 1);
  TORCH_CHECK(cells_M.dim() == 1 && cells_M.scalar_type() == at::kLong, "occupancy_points: cells must be int64 [M], got ", cells_M.scalar_type(), " ",
              cells_M.sizes());
  TORCH_CHECK(within_M3.dim() == 2 && within_M3.size(0) == cells_M.size(0) && within_M3.size(1) == 3 && within_M3.scalar_type() == at::kFloat,
              "occupancy_points: within must be float32 [", cells_M.size(0), ", 3], got ", within_M3.scalar_type(), " ", within_M3.sizes());
  return cubes;
}

inline void check_update(const at::Tensor& densities, const at::Tensor& bits, const at::Tensor& cells_M, const at::Tensor& values_M, double decay,
                         double threshold) {
  TORCH_CHECK(densities.dim() == 1 && densities.scalar_type() == at::kFloat && densities.is_contiguous() && densities.size(0) % 8 == 0,
              "occupancy_update_: densities must be contiguous float32 [8 n], got ", densities.scalar_type(), " ", densities.sizes());
  TORCH_CHECK(bits.dim() == 1 && 8 * bits.size(0) == densities.size(0) && bits.scalar_type() == at::kByte && bits.is_contiguous(),
              "occupancy_update_: bits must be contiguous uint8 [", densities.size(0) / 8, "], got ", bits.scalar_type(), " ", bits.sizes());
  TORCH_CHECK(cells_M.dim() == 1 && cells_M.scalar_type() == at::kLong, "occupancy_update_: cells must be int64 [M], got ", cells_M.scalar_type(),
              " ", cells_M.sizes());
  TORCH_CHECK(values_M.sizes() == cells_M.sizes() && values_M.scalar_type() == at::kFloat, "occupancy_update_: values must be float32 [",
              cells_M.size(0), "], got ", values_M.scalar_type(), " ", values_M.sizes());
  TORCH_CHECK(decay >= 0 && decay <= 1, "occupancy_update_: decay must lie in [0, 1], got ", decay);
  TORCH_CHECK(std::isfinite(threshold) && threshold >= 0, "occupancy_update_: threshold must be 0 or more, got ", threshold);
}

}  // namespace earthcraft
