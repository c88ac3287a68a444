#include "grid.cuh"
#include "mesh_interpolate.h"

namespace earthcraft::gpu {
namespace {

// A thread makes one number, so that rows are written side by side.
__global__ void interpolate(const MeshPoints points, float* out, int64_t* first_bad) {
  const int64_t at = thread_number(), i = at / points.channels, c = at % points.channels;
  if (i >= points.point_count) return;
  const int32_t face = points.face[i];
  if (face < 0) {
    out[at] = 0;
    return;
  }
  bool exists = face < points.face_count;
  const int32_t* corner = points.faces + 3 * static_cast<int64_t>(face);
  for (int k = 0; exists && k < 3; ++k) exists = corner[k] >= 0 && corner[k] < points.vertex_count;
  if (!exists) {
    out[at] = 0;
    atomicMin(reinterpret_cast<unsigned long long*>(first_bad), static_cast<unsigned long long>(i));
    return;
  }
  const float* weight = points.barycentrics + 3 * i;
  const float* from = points.attributes + c;
  out[at] =
      weight[0] * from[corner[0] * points.channels] + weight[1] * from[corner[1] * points.channels] + weight[2] * from[corner[2] * points.channels];
}

}  // namespace

void mesh_interpolate(const MeshPoints& points, float* out, int64_t* first_bad, cudaStream_t stream) {
  const int64_t numbers = points.point_count * points.channels;
  EC_LAUNCH(interpolate, numbers, stream, points, out, first_bad);
}

}  // namespace earthcraft::gpu
