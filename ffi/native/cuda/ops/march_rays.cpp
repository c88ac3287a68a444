// march_rays on CUDA: see ops/march_rays.cpp. It waits once, for the number of samples.

#include "ops/march_rays.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <optional>
#include <tuple>

#include "cuda/ray_march.h"
#include "launch.h"
#include "sort.h"

namespace earthcraft {
namespace {

std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor, at::Tensor> march_rays(const at::Tensor& origins_R3, const at::Tensor& directions_R3,
                                                                                  const at::Tensor& bits_any, int64_t resolution, int64_t cascades,
                                                                                  at::ArrayRef<double> centre, double edge, double step, double cone,
                                                                                  double near, double far, int64_t max_samples,
                                                                                  const std::optional<at::Tensor>& jitter_R) {
  const OccupancyCubes cubes = read_cubes("march_rays", resolution, cascades, centre, edge);
  check_bits("march_rays", bits_any, cubes);
  check_rays(origins_R3, directions_R3, jitter_R);
  const MarchSteps steps = read_steps(cubes, step, cone, near, far, max_samples);
  check_device("march_rays", origins_R3, {{"directions", directions_R3}, {"bits", bits_any}, {"jitter", jitter_R.value_or(at::Tensor())}});
  const OnDevice on(origins_R3);
  const at::Tensor origins = origins_R3.contiguous(), directions = directions_R3.contiguous(), bits = bits_any.contiguous(),
                   jitter = jitter_R ? jitter_R->contiguous() : at::Tensor();
  const gpu::RayList rays{origins.const_data_ptr<float>(), directions.const_data_ptr<float>(),
                          jitter.defined() ? jitter.const_data_ptr<float>() : nullptr, origins.size(0)};
  const bool has_blocks = OccupiedBits::has_blocks(cubes);
  const at::Tensor blocks = at::empty({has_blocks ? OccupiedBits::block_count(cubes) : 0}, bits.options());
  const OccupiedBits occupied{bits.const_data_ptr<uint8_t>(), has_blocks ? blocks.const_data_ptr<uint8_t>() : nullptr};
  if (has_blocks) gpu::occupied_blocks(cubes, occupied.cells, blocks.mutable_data_ptr<uint8_t>(), on.stream());
  const at::Tensor counts = at::empty({rays.count + 1}, origins.options().dtype(at::kLong));
  gpu::march_count(cubes, occupied, steps, rays, counts.mutable_data_ptr<int64_t>(), on.stream());
  const at::Tensor starts = exclusive_sums(counts, on.stream());
  const int64_t samples = starts[rays.count].item<int64_t>();
  at::Tensor positions = at::empty({3, samples}, origins.options()), distances = at::empty({samples}, origins.options()),
             lengths = at::empty({samples}, origins.options()), ray_of = at::empty({samples}, starts.options());
  gpu::march_write(cubes, occupied, steps, rays, starts.const_data_ptr<int64_t>(), samples, positions.mutable_data_ptr<float>(),
                   distances.mutable_data_ptr<float>(), lengths.mutable_data_ptr<float>(), ray_of.mutable_data_ptr<int64_t>(), on.stream());
  on.launched();
  return {positions.t(), distances, lengths, ray_of, starts};
}

}  // namespace

TORCH_LIBRARY_IMPL(earthcraft, CUDA, m) { m.impl("march_rays", &march_rays); }

}  // namespace earthcraft
