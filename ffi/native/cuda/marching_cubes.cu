// See ops/marching_cubes.cpp.  A warp compares a word of values; a thread counts and draws a row of cells.

#include "grid.cuh"
#include "kernels/marching_cubes_rows.h"
#include "marching_cubes.h"

namespace earthcraft::gpu {
namespace {

__device__ const CellCases kCases = make_cell_cases();

__device__ const float* plane_of(const VolumeOnDevice& volume, int64_t i) {
  if (volume.before != nullptr) {
    if (i == 0) return volume.before;
    --i;
  }
  return volume.values + i * volume.grid.rows * volume.grid.values;
}

__global__ void compare_values(const VolumeOnDevice volume) {
  const VolumeGrid& grid = volume.grid;
  const int64_t word = thread_number() / 32;
  if (word >= grid.planes * grid.rows * grid.words()) return;
  const int64_t row = word / grid.words(), first = word % grid.words() * 64 + threadIdx.x % 32;
  const float* values = plane_of(volume, row / grid.rows) + row % grid.rows * grid.values;
  const auto inside = [&](int64_t k) { return k < grid.values && (volume.above ? values[k] > grid.level : values[k] < grid.level); };
  const uint64_t low = __ballot_sync(0xffffffffu, inside(first)), high = __ballot_sync(0xffffffffu, inside(first + 32));
  if (threadIdx.x % 32 == 0) volume.inside[word] = low | high << 32;
}

__global__ void count_rows(const VolumeOnDevice volume, int64_t* counts) {
  const VolumeGrid& grid = volume.grid;
  const int64_t row = thread_number(), rows = grid.planes * grid.rows;
  if (row >= rows) return;
  const int64_t i = row / grid.rows, j = row % grid.rows;
  const EC_VARIANT::RowCounts found = EC_VARIANT::count_row(grid, kCases, volume.inside, i, j);
  counts[grid.along_group(i, j)] = found.along;
  counts[grid.across_group(i, j)] = found.across;
  counts[grid.between_group(i, j)] = found.between;
  counts[3 * rows + row] = found.triangles;
}

__global__ void draw_rows(const VolumeOnDevice volume, const SurfaceOnDevice surface) {
  const VolumeGrid& grid = volume.grid;
  const int64_t row = thread_number();
  if (row >= grid.planes * grid.rows) return;
  const int64_t i = row / grid.rows, j = row % grid.rows;
  const float *front = plane_of(volume, i), *back = plane_of(volume, i + 1 < grid.planes ? i + 1 : i);
  EC_VARIANT::row_vertices(grid, volume.inside, surface.starts, i, j, front, back, surface.vertices);
  EC_VARIANT::row_faces(grid, kCases, volume.inside, surface.starts, i, j, surface.faces + 3 * (surface.first_face[row] - surface.face_base));
}

}  // namespace

void count_surface(const VolumeOnDevice& volume, int64_t* counts, cudaStream_t stream) {
  const int64_t rows = volume.grid.planes * volume.grid.rows;
  EC_LAUNCH(compare_values, 32 * rows * volume.grid.words(), stream, volume);
  EC_LAUNCH(count_rows, rows, stream, volume, counts);
}

void draw_surface(const VolumeOnDevice& volume, const SurfaceOnDevice& surface, cudaStream_t stream) {
  EC_LAUNCH(draw_rows, volume.grid.planes * volume.grid.rows, stream, volume, surface);
}

}  // namespace earthcraft::gpu
