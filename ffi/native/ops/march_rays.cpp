// Samples of rays where an occupancy grid says that there may be something (Müller et al. 2022, appendix E.1), packed ray after ray.
//
// A ray is walked twice, to count and to write, so that the result is as long as it must be and never depends on threads. Where samples may stand is
// set by near, the step and the jitter alone; the grid decides which of them there are.
//
// Shapes:  origins_R3, directions_R3 (any length) f32, bits u8: cells of all cascades, x fastest, eight a byte   ->   positions_S3 f32 in the unit
// cube of
//          the outermost cascade, distances_S, lengths_S f32, rays_S i64, starts i64 [R + 1]

#include "march_rays.h"

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <algorithm>
#include <optional>
#include <tuple>
#include <vector>

namespace earthcraft {
namespace {

constexpr int64_t kRayBlock = 64;

struct Sample {
  float unit[3], distance, length;
};

std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor, at::Tensor> march_rays(const at::Tensor& origins_R3, const at::Tensor& directions_R3,
                                                                                  const at::Tensor& bits_any, int64_t resolution, int64_t cascades,
                                                                                  at::ArrayRef<double> centre, double edge, double step, double cone,
                                                                                  double near, double far, int64_t max_samples,
                                                                                  const std::optional<at::Tensor>& jitter_R) {
  const OccupancyCubes cubes = read_cubes("march_rays", resolution, cascades, centre, edge);
  check_bits("march_rays", bits_any, cubes);
  check_rays(origins_R3, directions_R3, jitter_R);
  const MarchSteps steps = read_steps(cubes, step, cone, near, far, max_samples);
  const int64_t rays = origins_R3.size(0);
  const at::Tensor origins = origins_R3.contiguous(), directions = directions_R3.contiguous(), bits = bits_any.contiguous(),
                   jitter = jitter_R ? jitter_R->contiguous() : at::Tensor();
  const float *from = origins.const_data_ptr<float>(), *along = directions.const_data_ptr<float>(),
              *late = jitter.defined() ? jitter.const_data_ptr<float>() : nullptr;
  std::vector<uint8_t> blocks(OccupiedBits::has_blocks(cubes) ? OccupiedBits::block_count(cubes) : 0);
  const OccupiedBits occupied{bits.const_data_ptr<uint8_t>(), blocks.empty() ? nullptr : blocks.data()};
  at::parallel_for(0, static_cast<int64_t>(blocks.size()), 1 << 10, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) blocks[block] = OccupiedBits::any(cubes, occupied.cells, block);
  });
  at::Tensor starts = at::empty({rays + 1}, origins.options().dtype(at::kLong));
  int64_t* start = starts.mutable_data_ptr<int64_t>();
  start[0] = 0;
  std::vector<std::vector<Sample>> found((rays + kRayBlock - 1) / kRayBlock);
  const auto ray_blocks = static_cast<int64_t>(found.size());
  at::parallel_for(0, ray_blocks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block)
      for (int64_t r = block * kRayBlock; r < std::min(rays, (block + 1) * kRayBlock); ++r) {
        const double jitter = late == nullptr ? 0.0 : static_cast<double>(late[r]);
        start[r + 1] = march_ray(cubes, occupied, steps, from + 3 * r, along + 3 * r, jitter, [&](double t, double dt, const float* unit) {
          found[block].push_back({{unit[0], unit[1], unit[2]}, static_cast<float>(t), static_cast<float>(dt)});
        });
      }
  });
  for (int64_t r = 0; r < rays; ++r) start[r + 1] += start[r];

  const int64_t samples = start[rays];
  at::Tensor positions = at::empty({3, samples}, origins.options()), distances = at::empty({samples}, origins.options()),
             lengths = at::empty({samples}, origins.options()), ray_of = at::empty({samples}, starts.options());
  float *position = positions.mutable_data_ptr<float>(), *distance = distances.mutable_data_ptr<float>(), *length = lengths.mutable_data_ptr<float>();
  int64_t* ray = ray_of.mutable_data_ptr<int64_t>();
  at::parallel_for(0, ray_blocks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      const int64_t first = start[block * kRayBlock];
      for (size_t i = 0; i < found[block].size(); ++i) {
        const Sample& sample = found[block][i];
        const int64_t to = first + static_cast<int64_t>(i);
        for (int axis = 0; axis < 3; ++axis) position[axis * samples + to] = sample.unit[axis];
        distance[to] = sample.distance;
        length[to] = sample.length;
      }
      for (int64_t r = block * kRayBlock; r < std::min(rays, (block + 1) * kRayBlock); ++r) std::fill(ray + start[r], ray + start[r + 1], r);
    }
  });
  return {positions.t(), distances, lengths, ray_of, starts};
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(earthcraft, m) {
  m.def(
      "march_rays(Tensor origins, Tensor directions, Tensor bits, int resolution, int cascades, float[] centre, float edge, float step, float "
      "cone=0, float near=0, float far=1e10, int max_samples=1024, Tensor? jitter=None) -> (Tensor positions, Tensor distances, Tensor lengths, "
      "Tensor rays, Tensor starts)");
}
TORCH_LIBRARY_IMPL(earthcraft, CPU, m) { m.impl("march_rays", &march_rays); }

}  // namespace earthcraft
