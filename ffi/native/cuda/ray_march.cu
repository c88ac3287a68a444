#include "grid.cuh"
#include "ray_march.h"

namespace earthcraft::gpu {
namespace {

struct CountOnly {
  __device__ void operator()(double, double, const float*) const {}
};

struct WriteSample {
  float *positions, *distances, *lengths;
  int64_t* ray_of;
  int64_t samples, ray;
  int64_t* to;

  __device__ void operator()(double distance, double length, const float* unit) const {
    const int64_t i = (*to)++;
    for (int axis = 0; axis < 3; ++axis) positions[axis * samples + i] = unit[axis];
    distances[i] = static_cast<float>(distance);
    lengths[i] = static_cast<float>(length);
    ray_of[i] = ray;
  }
};

template <typename Emit>
__device__ int64_t walk(const OccupancyCubes& cubes, const OccupiedBits& bits, const MarchSteps& steps, const RayList& rays, int64_t r,
                        const Emit& emit) {
  const double late = rays.jitter == nullptr ? 0.0 : static_cast<double>(rays.jitter[r]);
  return march_ray(cubes, bits, steps, rays.origins + 3 * r, rays.directions + 3 * r, late, emit);
}

__global__ void blocks_kernel(OccupancyCubes cubes, const uint8_t* cells, uint8_t* blocks) {
  const int64_t i = thread_number();
  if (i < OccupiedBits::block_count(cubes)) blocks[i] = OccupiedBits::any(cubes, cells, i);
}

__global__ void count_kernel(OccupancyCubes cubes, OccupiedBits bits, MarchSteps steps, RayList rays, int64_t* counts) {
  const int64_t r = thread_number();
  if (r <= rays.count) counts[r] = r < rays.count ? walk(cubes, bits, steps, rays, r, CountOnly()) : 0;
}

__global__ void write_kernel(OccupancyCubes cubes, OccupiedBits bits, MarchSteps steps, RayList rays, const int64_t* starts, int64_t samples,
                             float* positions, float* distances, float* lengths, int64_t* ray_of) {
  const int64_t r = thread_number();
  if (r >= rays.count) return;
  int64_t to = starts[r];
  walk(cubes, bits, steps, rays, r, WriteSample{positions, distances, lengths, ray_of, samples, r, &to});
}

__global__ void points_kernel(OccupancyCubes cubes, const int64_t* cells, const float* within, int64_t count, float* out) {
  const int64_t i = thread_number();
  if (i >= count) return;
  float point[3];
  cubes.unit_point(cells[i], within + 3 * i, point);
  for (int axis = 0; axis < 3; ++axis) out[axis * count + i] = point[axis];
}

__global__ void decay_kernel(float* densities, int64_t count, float decay) {
  const int64_t i = thread_number();
  if (i < count && densities[i] >= 0) densities[i] *= decay;
}

// The bits of floats that are not negative are in order as whole numbers: the largest is the same in any order.
__global__ void find_kernel(float* densities, int64_t count, const int64_t* cells, const float* values, int64_t found) {
  const int64_t i = thread_number();
  if (i >= found || cells[i] < 0 || cells[i] >= count) return;
  const float value = values[i];
  if (!(value > 0) || isinf(value) || densities[cells[i]] < 0) return;
  atomicMax(reinterpret_cast<int*>(densities + cells[i]), __float_as_int(value));
}

__global__ void sum_kernel(const float* densities, int64_t count, int64_t slice, double* sums) {
  const int64_t s = thread_number();
  if (s * slice >= count) return;
  double sum = 0;
  for (int64_t i = s * slice; i < count && i < (s + 1) * slice; ++i) sum += densities[i] > 0 ? densities[i] : 0;
  sums[s] = sum;
}

__global__ void limit_kernel(const double* sums, int64_t slices, int64_t count, double threshold, float* limit) {
  double total = 0;
  for (int64_t s = 0; s < slices; ++s) total += sums[s];
  const double mean = total / static_cast<double>(count);
  *limit = static_cast<float>(threshold < mean ? threshold : mean);
}

__global__ void bits_kernel(const float* densities, int64_t bytes, const float* limit, uint8_t* bits) {
  const int64_t b = thread_number();
  if (b >= bytes) return;
  int byte = 0;
  for (int i = 0; i < 8; ++i) byte |= (densities[8 * b + i] > *limit) << i;
  bits[b] = static_cast<uint8_t>(byte);
}

}  // namespace

void occupied_blocks(const OccupancyCubes& cubes, const uint8_t* cells, uint8_t* blocks, cudaStream_t stream) {
  EC_LAUNCH(blocks_kernel, OccupiedBits::block_count(cubes), stream, cubes, cells, blocks);
}

void march_count(const OccupancyCubes& cubes, const OccupiedBits& bits, const MarchSteps& steps, const RayList& rays, int64_t* counts,
                 cudaStream_t stream) {
  EC_LAUNCH(count_kernel, rays.count + 1, stream, cubes, bits, steps, rays, counts);
}

void march_write(const OccupancyCubes& cubes, const OccupiedBits& bits, const MarchSteps& steps, const RayList& rays, const int64_t* starts,
                 int64_t samples, float* positions, float* distances, float* lengths, int64_t* ray_of, cudaStream_t stream) {
  EC_LAUNCH(write_kernel, rays.count, stream, cubes, bits, steps, rays, starts, samples, positions, distances, lengths, ray_of);
}

void occupancy_points(const OccupancyCubes& cubes, const int64_t* cells, const float* within, int64_t count, float* out, cudaStream_t stream) {
  EC_LAUNCH(points_kernel, count, stream, cubes, cells, within, count, out);
}

void occupancy_find(float* densities, int64_t count, float decay, const int64_t* cells, const float* values, int64_t found, cudaStream_t stream) {
  EC_LAUNCH(decay_kernel, count, stream, densities, count, decay);
  EC_LAUNCH(find_kernel, found, stream, densities, count, cells, values, found);
}

void occupancy_bits(const float* densities, int64_t count, double threshold, int64_t slice, double* sums, float* limit, uint8_t* bits,
                    cudaStream_t stream) {
  if (count == 0) return;
  const int64_t slices = blocks_for(count, slice);
  EC_LAUNCH(sum_kernel, slices, stream, densities, count, slice, sums);
  limit_kernel<<<1, 1, 0, stream>>>(sums, slices, count, threshold, limit);
  EC_LAUNCH(bits_kernel, count / 8, stream, densities, count / 8, limit, bits);
}

}  // namespace earthcraft::gpu
