// Rays through an occupancy grid on CUDA, and the grid's update: the launchers of ops/march_rays.cpp and ops/occupancy.cpp.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "kernels/ray_march.h"

namespace earthcraft::gpu {

struct RayList {
  const float *origins, *directions, *jitter;  // jitter may be null
  int64_t count;
};

// blocks: one byte each of OccupiedBits::block_count
void occupied_blocks(const OccupancyCubes& cubes, const uint8_t* cells, uint8_t* blocks, cudaStream_t stream);
// counts [rays + 1], the last one 0.
void march_count(const OccupancyCubes& cubes, const OccupiedBits& bits, const MarchSteps& steps, const RayList& rays, int64_t* counts,
                 cudaStream_t stream);
// positions [3, samples]; starts [rays + 1]
void march_write(const OccupancyCubes& cubes, const OccupiedBits& bits, const MarchSteps& steps, const RayList& rays, const int64_t* starts,
                 int64_t samples, float* positions, float* distances, float* lengths, int64_t* ray_of, cudaStream_t stream);

// out [3, count]
void occupancy_points(const OccupancyCubes& cubes, const int64_t* cells, const float* within, int64_t count, float* out, cudaStream_t stream);

void occupancy_find(float* densities, int64_t count, float decay, const int64_t* cells, const float* values, int64_t found, cudaStream_t stream);
// sums: one a slice of `slice` cells; limit: one number
void occupancy_bits(const float* densities, int64_t count, double threshold, int64_t slice, double* sums, float* limit, uint8_t* bits,
                    cudaStream_t stream);

}  // namespace earthcraft::gpu
