#include "grid.cuh"
#include "voxel_cast.h"

namespace earthcraft::gpu {
namespace {

struct Cell {
  int64_t at[3];

  __device__ Cell(const int32_t* coords, int64_t i, const VoxelBlocks& grid) {
    for (int axis = 0; axis < 3; ++axis) at[axis] = coords[3 * i + axis] - grid.low[axis];
  }
  __device__ int64_t block(const VoxelBlocks& grid) const { return grid.index(at[0] / kEdge, at[1] / kEdge, at[2] / kEdge); }
};

__global__ void number_blocks(const int32_t* coords, int64_t count, const VoxelBlocks grid, int32_t* block, int32_t* table_count) {
  const int64_t i = thread_number();
  if (i >= count) return;
  int32_t* mine = block + Cell(coords, i, grid).block(grid);
  if (atomicCAS(mine, -1, -2) == -1) *mine = atomicAdd(table_count, 1);
}

__global__ void write_cells(const int32_t* coords, int64_t count, const VoxelBlocks grid, int32_t* cells) {
  const int64_t i = thread_number();
  if (i >= count) return;
  const Cell cell(coords, i, grid);
  // Unsigned, -1 ("none") is the largest.
  atomicMin(reinterpret_cast<uint32_t*>(cells + grid.block[cell.block(grid)] * kCells + VoxelBlocks::within(cell.at)), static_cast<uint32_t>(i));
}

__global__ void cast_pixels(const VoxelBlocks grid, const VoxelLattice lattice, const Camera camera, double near, int width, int height,
                            int32_t* voxel, float* depth) {
  const int64_t pixel = thread_number();
  if (pixel >= static_cast<int64_t>(width) * height) return;
  cast(grid, pixel_ray(camera, pixel % width, pixel / width, lattice, grid.low), near, voxel + pixel, depth + pixel);
}

}  // namespace

void voxel_blocks(const int32_t* coords, int64_t count, const VoxelBlocks& grid, int32_t* block, int32_t* table_count, cudaStream_t stream) {
  cudaMemsetAsync(block, 0xff, grid.blocks[0] * grid.blocks[1] * grid.blocks[2] * sizeof(int32_t), stream);
  cudaMemsetAsync(table_count, 0, sizeof(int32_t), stream);
  EC_LAUNCH(number_blocks, count, stream, coords, count, grid, block, table_count);
}

void voxel_cells(const int32_t* coords, int64_t count, const VoxelBlocks& grid, int32_t* cells, int64_t tables, cudaStream_t stream) {
  cudaMemsetAsync(cells, 0xff, tables * kCells * sizeof(int32_t), stream);
  EC_LAUNCH(write_cells, count, stream, coords, count, grid, cells);
}

void voxel_cast(const VoxelBlocks& grid, const VoxelLattice& lattice, const Camera& camera, double near, int width, int height, int32_t* voxel,
                float* depth, cudaStream_t stream) {
  EC_LAUNCH(cast_pixels, static_cast<int64_t>(width) * height, stream, grid, lattice, camera, near, width, height, voxel, depth);
}

}  // namespace earthcraft::gpu
