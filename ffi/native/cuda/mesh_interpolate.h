// Attributes at points of a mesh on CUDA: the launcher of ops/mesh_interpolate.cpp.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace earthcraft::gpu {

struct MeshPoints {
  const int32_t* face;        // [P]
  const float* barycentrics;  // [P, 3]
  const int32_t* faces;       // [F, 3]
  const float* attributes;    // [N, C]
  int64_t point_count, face_count, vertex_count, channels;
};

// out [P, C]; first_bad [1] becomes the lowest point whose face or vertices do not exist, if that is lower than it was.
void mesh_interpolate(const MeshPoints& points, float* out, int64_t* first_bad, cudaStream_t stream);

}  // namespace earthcraft::gpu
