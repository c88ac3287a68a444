// The occupancy grid's operators on CUDA: see ops/occupancy.cpp. Cells are not checked here; a value for one that does not exist says nothing.

#include "ops/occupancy.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include "cuda/ray_march.h"
#include "launch.h"

namespace earthcraft {
namespace {

at::Tensor occupancy_points(const at::Tensor& cells_M, const at::Tensor& within_M3, int64_t resolution, int64_t cascades) {
  const OccupancyCubes cubes = check_points(cells_M, within_M3, resolution, cascades);
  check_device("occupancy_points", cells_M, {{"within", within_M3}});
  const OnDevice on(cells_M);
  const at::Tensor cells = cells_M.contiguous(), within = within_M3.contiguous();
  at::Tensor out = at::empty({3, cells.size(0)}, within.options());
  gpu::occupancy_points(cubes, cells.const_data_ptr<int64_t>(), within.const_data_ptr<float>(), cells.size(0), out.mutable_data_ptr<float>(),
                        on.stream());
  on.launched();
  return out.t();
}

void occupancy_update_(const at::Tensor& densities, const at::Tensor& bits, const at::Tensor& cells_M, const at::Tensor& values_M, double decay,
                       double threshold) {
  check_update(densities, bits, cells_M, values_M, decay, threshold);
  check_device("occupancy_update_", densities, {{"bits", bits}, {"cells", cells_M}, {"values", values_M}});
  const OnDevice on(densities);
  const at::Tensor cells = cells_M.contiguous(), values = values_M.contiguous();
  const int64_t count = densities.size(0);
  const at::Tensor sums = at::empty({(count + kOccupancySlice - 1) / kOccupancySlice}, densities.options().dtype(at::kDouble)),
                   limit = at::empty({1}, densities.options());
  gpu::occupancy_find(densities.mutable_data_ptr<float>(), count, static_cast<float>(decay), cells.const_data_ptr<int64_t>(),
                      values.const_data_ptr<float>(), cells.size(0), on.stream());
  gpu::occupancy_bits(densities.const_data_ptr<float>(), count, threshold, kOccupancySlice, sums.mutable_data_ptr<double>(),
                      limit.mutable_data_ptr<float>(), bits.mutable_data_ptr<uint8_t>(), on.stream());
  on.launched();
  for (const at::Tensor& written : {densities, bits}) written.unsafeGetTensorImpl()->bump_version();
}

}  // namespace

TORCH_LIBRARY_IMPL(earthcraft, CUDA, m) {
  m.impl("occupancy_points", &occupancy_points);
  m.impl("occupancy_update_", &occupancy_update_);
}

}  // namespace earthcraft
