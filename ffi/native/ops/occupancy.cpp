// The occupancy grid's operators (Müller et al. 2022, appendix E.2): points in cells to ask the field at, and the update from what it said.
//
//     density = max(density * decay, the values found in the cell),   occupied: density > min(threshold, mean of all densities)
//
// A cell whose density is negative is never occupied and keeps it: nobody looks there. A value that is not finite or below 0 says nothing.
//
// Shapes:  cells_M i64 through all cascades, within_M3 f32 in [0, 1)   ->   positions_M3 f32 in the unit cube of the outermost cascade
//          densities f32 [cascades * resolution^3], bits u8 an eighth as long: written

#include "occupancy.h"

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace earthcraft {
namespace {

at::Tensor occupancy_points(const at::Tensor& cells_M, const at::Tensor& within_M3, int64_t resolution, int64_t cascades) {
  const OccupancyCubes cubes = check_points(cells_M, within_M3, resolution, cascades);
  const at::Tensor cells = cells_M.contiguous(), within = within_M3.contiguous();
  const int64_t m = cells.size(0), last = cubes.cells() * cascades;
  at::Tensor out = at::empty({3, m}, within.options());
  float* to = out.mutable_data_ptr<float>();
  at::parallel_for(0, m, 1 << 12, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t cell = cells.const_data_ptr<int64_t>()[i];
      TORCH_CHECK_INDEX(cell >= 0 && cell < last, "occupancy_points: cells[", i, "] is ", cell, ", of ", last, " cells");
      float point[3];
      cubes.unit_point(cell, within.const_data_ptr<float>() + 3 * i, point);
      for (int axis = 0; axis < 3; ++axis) to[axis * m + i] = point[axis];
    }
  });
  return out.t();
}

void occupancy_update_(const at::Tensor& densities, const at::Tensor& bits, const at::Tensor& cells_M, const at::Tensor& values_M, double decay,
                       double threshold) {
  check_update(densities, bits, cells_M, values_M, decay, threshold);
  const at::Tensor cells = cells_M.contiguous(), values = values_M.contiguous();
  const int64_t count = densities.size(0);
  float* density = densities.mutable_data_ptr<float>();
  uint8_t* bit = bits.mutable_data_ptr<uint8_t>();
  const int64_t* cell = cells.const_data_ptr<int64_t>();
  const float* value = values.const_data_ptr<float>();
  for (int64_t i = 0; i < cells.size(0); ++i)
    TORCH_CHECK_INDEX(cell[i] >= 0 && cell[i] < count, "occupancy_update_: cells[", i, "] is ", cell[i], ", of ", count, " cells");

  const auto factor = static_cast<float>(decay);
  at::parallel_for(0, count, 1 << 15, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) density[i] = density[i] < 0 ? density[i] : density[i] * factor;
  });
  for (int64_t i = 0; i < cells.size(0); ++i) {
    float& to = density[cell[i]];
    if (to >= 0 && std::isfinite(value[i]) && value[i] > to) to = value[i];
  }

  std::vector<double> sums((count + kOccupancySlice - 1) / kOccupancySlice);
  at::parallel_for(0, static_cast<int64_t>(sums.size()), 8, [&](int64_t begin, int64_t end) {
    for (int64_t s = begin; s < end; ++s)
      for (int64_t i = s * kOccupancySlice; i < std::min(count, (s + 1) * kOccupancySlice); ++i) sums[s] += std::max(density[i], 0.0f);
  });
  double total = 0;
  for (const double sum : sums) total += sum;
  const auto limit = static_cast<float>(std::min(threshold, total / static_cast<double>(std::max<int64_t>(count, 1))));
  at::parallel_for(0, count / 8, 1 << 12, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) {
      int byte = 0;
      for (int i = 0; i < 8; ++i) byte |= (density[8 * b + i] > limit) << i;
      bit[b] = static_cast<uint8_t>(byte);
    }
  });
  for (const at::Tensor& written : {densities, bits}) written.unsafeGetTensorImpl()->bump_version();
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(earthcraft, m) {
  m.def("occupancy_points(Tensor cells, Tensor within, int resolution, int cascades) -> Tensor");
  m.def("occupancy_update_(Tensor(a!) densities, Tensor(b!) bits, Tensor cells, Tensor values, float decay, float threshold) -> ()");
}
TORCH_LIBRARY_IMPL(earthcraft, CPU, m) {
  m.impl("occupancy_points", &occupancy_points);
  m.impl("occupancy_update_", &occupancy_update_);
}

}  // namespace earthcraft
