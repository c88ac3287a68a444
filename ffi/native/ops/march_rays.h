// The checked arguments of march_rays and of the occupancy grid's operators, the same for every device.
#pragma once

#include <ATen/core/Tensor.h>

#include <cmath>

#include "../kernels/ray_march.h"

namespace earthcraft {

constexpr int64_t kMostOccupancyResolution = 1024;
constexpr int64_t kMostCascades = 16;

inline OccupancyCubes read_cubes(const char* op, int64_t resolution, int64_t cascades, at::ArrayRef<double> centre, double edge) {
  TORCH_CHECK(resolution >= 4 && resolution <= kMostOccupancyResolution && resolution % 4 == 0, op, ": resolution must be a multiple of 4 in [4, ",
              kMostOccupancyResolution, "], got ", resolution);
  TORCH_CHECK(cascades >= 1 && cascades <= kMostCascades, op, ": cascades must lie in [1, ", kMostCascades, "], got ", cascades);
  TORCH_CHECK(centre.size() == 3 && std::isfinite(centre[0] + centre[1] + centre[2]), op, ": centre must be 3 finite numbers, got ", centre);
  TORCH_CHECK(std::isfinite(edge) && edge > 0, op, ": edge must be positive, got ", edge);
  return {{centre[0], centre[1], centre[2]}, edge, resolution, static_cast<int>(cascades)};
}

inline void check_bits(const char* op, const at::Tensor& bits, const OccupancyCubes& cubes) {
  const int64_t bytes = cubes.cells() * cubes.cascades / 8;
  TORCH_CHECK(bits.dim() == 1 && bits.size(0) == bytes && bits.scalar_type() == at::kByte, op, ": bits must be uint8 [", bytes, "], got ",
              bits.scalar_type(), " ", bits.sizes());
}

inline MarchSteps read_steps(const OccupancyCubes& cubes, double step, double cone, double near, double far, int64_t samples) {
  TORCH_CHECK(std::isfinite(step) && step > 0, "march_rays: step must be positive, got ", step);
  TORCH_CHECK(std::isfinite(cone) && cone >= 0, "march_rays: cone must be 0 or more, got ", cone);
  TORCH_CHECK(near >= 0 && near < far, "march_rays: need 0 <= near < far, got ", near, " and ", far);
  TORCH_CHECK(samples >= 1, "march_rays: max_samples must be positive, got ", samples);
  const double cell = cubes.edge_of(cubes.cascades - 1) / static_cast<double>(cubes.resolution);
  // A ray of more steps would take seconds by itself.
  TORCH_CHECK(cubes.edge_of(cubes.cascades - 1) / step < 1e6, "march_rays: step ", step, " is too short for a cube with edge ",
              cubes.edge_of(cubes.cascades - 1));
  return {step, cone, std::fmax(cell, step), near, far, samples};
}

inline void check_rays(const at::Tensor& origins_R3, const at::Tensor& directions_R3, const std::optional<at::Tensor>& jitter_R) {
  TORCH_CHECK(origins_R3.dim() == 2 && origins_R3.size(1) == 3 && origins_R3.scalar_type() == at::kFloat,
              "march_rays: origins must be float32 [R, 3], got ", origins_R3.scalar_type(), " ", origins_R3.sizes());
  TORCH_CHECK(directions_R3.sizes() == origins_R3.sizes() && directions_R3.scalar_type() == at::kFloat,
              "march_rays: directions must be like origins, float32 ", origins_R3.sizes(), ", got ", directions_R3.scalar_type(), " ",
              directions_R3.sizes());
  TORCH_CHECK(!jitter_R || (jitter_R->dim() == 1 && jitter_R->size(0) == origins_R3.size(0) && jitter_R->scalar_type() == at::kFloat),
              "march_rays: jitter must be float32 [", origins_R3.size(0), "], got ", jitter_R ? jitter_R->scalar_type() : at::kFloat, " ",
              jitter_R ? jitter_R->sizes() : at::IntArrayRef());
}

}  // namespace earthcraft
