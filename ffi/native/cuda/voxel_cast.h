// Rays through sparse voxels on CUDA: the launchers of ops/voxel_cast.cpp.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "kernels/voxel_walk.h"

namespace earthcraft::gpu {

// Numbers the blocks that hold voxels: block [blocks z, y, x] and table_count [1] are written.  The numbers depend on the order of atomics; what
// rays see does not.
void voxel_blocks(const int32_t* coords, int64_t count, const VoxelBlocks& grid, int32_t* block, int32_t* table_count, cudaStream_t stream);

// Writes the rows of voxels to cells [tables, 8, 8, 8]; a coordinate given twice keeps its first row.
void voxel_cells(const int32_t* coords, int64_t count, const VoxelBlocks& grid, int32_t* cells, int64_t tables, cudaStream_t stream);

// One view: voxel and depth [H, W].
void voxel_cast(const VoxelBlocks& grid, const VoxelLattice& lattice, const Camera& camera, double near, int width, int height, int32_t* voxel,
                float* depth, cudaStream_t stream);

}  // namespace earthcraft::gpu
