#include "grid.cuh"
#include "mesh_voxelize.h"

namespace earthcraft::gpu {
namespace {

constexpr int kWarpsABlock = kThreads / 32;

// Calls touched(face, key, squared) for the cells of the warp's face, a lane a column; false if there is no such face.
template <typename Touched>
__device__ bool visit_cells(const VoxelizedMesh& mesh, const Touched& touched) {
  const int64_t face = static_cast<int64_t>(blockIdx.x) * kWarpsABlock + threadIdx.x / 32;
  if (face >= mesh.face_count) return false;
  double corner[3][3];
  mesh.lattice.corners(mesh.vertices, mesh.faces + 3 * face, corner);
  const FaceCells cells(mesh.lattice, corner);
  for (int64_t column = threadIdx.x % 32; column < cells.columns(); column += 32)
    cells.visit(column, [&](const double (&cell)[3], double squared) { touched(face, cell_key(cell), squared); });
  return true;
}

__global__ void count_cells(const VoxelizedMesh mesh, int64_t* counts) {
  unsigned long long count = 0;
  if (!visit_cells(mesh, [&](int64_t, uint64_t, double) { ++count; })) return;
  for (int step = 16; step > 0; step /= 2) count += __shfl_xor_sync(0xffffffffu, count, step);
  if (threadIdx.x % 32 == 0) counts[static_cast<int64_t>(blockIdx.x) * kWarpsABlock + threadIdx.x / 32] = static_cast<int64_t>(count);
}

// The order of a face's own touches depends on the atomics, and does not matter: each is in another cell.
__global__ void list_cells(const VoxelizedMesh mesh, const int64_t* starts, const Touches touches) {
  __shared__ unsigned listed[kWarpsABlock];
  const int warp = threadIdx.x / 32;
  if (threadIdx.x % 32 == 0) listed[warp] = 0;
  __syncwarp();
  visit_cells(mesh, [&](int64_t face, uint64_t key, double squared) {
    const int64_t to = starts[face] + atomicAdd(&listed[warp], 1u);
    touches.keys[to] = key;
    touches.squared[to] = squared;
    touches.face[to] = static_cast<int32_t>(face);
    touches.number[to] = static_cast<int32_t>(to);
  });
}

__global__ void mark_first(const uint64_t* keys, int64_t count, int64_t* is_first) {
  const int64_t i = thread_number();
  if (i < count) is_first[i] = i == 0 || keys[i] != keys[i - 1];
}

__global__ void keep_nearest(const VoxelizedMesh mesh, const Touches touches, const SortedTouches sorted, int32_t* coords, int32_t* face,
                             float* barycentrics) {
  const int64_t i = thread_number();
  if (i >= sorted.count || !sorted.is_first[i]) return;
  int32_t nearest = sorted.number[i];
  // In face order, so that `<` prefers the lower index.
  for (int64_t j = i + 1; j < sorted.count && !sorted.is_first[j]; ++j)
    if (touches.squared[sorted.number[j]] < touches.squared[nearest]) nearest = sorted.number[j];
  const int64_t to = sorted.cell[i];
  face[to] = touches.face[nearest];
  mesh.lattice.voxel(sorted.keys[i], mesh.vertices, mesh.faces + 3 * static_cast<int64_t>(face[to]), coords + 3 * to, barycentrics + 3 * to);
}

}  // namespace

void count_touches(const VoxelizedMesh& mesh, int64_t* counts, cudaStream_t stream) {
  if (mesh.face_count == 0) return;
  count_cells<<<blocks_for(mesh.face_count, kWarpsABlock), kThreads, 0, stream>>>(mesh, counts);
}

void list_touches(const VoxelizedMesh& mesh, const int64_t* starts, const Touches& touches, cudaStream_t stream) {
  if (mesh.face_count == 0) return;
  list_cells<<<blocks_for(mesh.face_count, kWarpsABlock), kThreads, 0, stream>>>(mesh, starts, touches);
}

void mark_cells(const uint64_t* sorted_keys, int64_t count, int64_t* is_first, cudaStream_t stream) {
  EC_LAUNCH(mark_first, count, stream, sorted_keys, count, is_first);
}

void write_voxels(const VoxelizedMesh& mesh, const Touches& touches, const SortedTouches& sorted, int32_t* coords, int32_t* face, float* barycentrics,
                  cudaStream_t stream) {
  EC_LAUNCH(keep_nearest, sorted.count, stream, mesh, touches, sorted, coords, face, barycentrics);
}

}  // namespace earthcraft::gpu
