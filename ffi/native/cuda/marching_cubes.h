// Marching cubes on CUDA: the launchers of ops/marching_cubes.cpp.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "kernels/marching_cubes.h"

namespace earthcraft::gpu {

struct VolumeOnDevice {
  VolumeGrid grid;
  const float *before, *values;  // before: plane 0, or null
  bool above;
  uint64_t* inside;  // [planes, rows, words]
};

// Bits, then counts: of the vertices of all groups [3 planes rows], and after them the triangles of all rows [planes rows].
void count_surface(const VolumeOnDevice& volume, int64_t* counts, cudaStream_t stream);

// starts: number of the first vertex of every group; first_face [planes rows], of the row among all, plus face_base.
struct SurfaceOnDevice {
  const int32_t* starts;
  const int64_t* first_face;
  int64_t face_base;
  float* vertices;
  int32_t* faces;
};
void draw_surface(const VolumeOnDevice& volume, const SurfaceOnDevice& surface, cudaStream_t stream);

}  // namespace earthcraft::gpu
