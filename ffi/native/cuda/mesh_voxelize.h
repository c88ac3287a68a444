// Surface voxels of a mesh on CUDA: the launchers of ops/mesh_voxelize.cpp.
//
// Touches are pairs of a face and a cell: counted, listed in face order, sorted by cell, and the nearest of each cell is kept.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "kernels/mesh_cells.h"

namespace earthcraft::gpu {

struct VoxelizedMesh {
  CellLattice lattice;
  const float* vertices;  // [N, 3]
  const int32_t* faces;   // [F, 3]
  int64_t face_count;
};

void count_touches(const VoxelizedMesh& mesh, int64_t* counts, cudaStream_t stream);

struct Touches {
  uint64_t* keys;   // of the cell
  double* squared;  // from the cell's centre to the face, in cells
  int32_t *face, *number;
};
// Writes face f's touches from starts[f] on.
void list_touches(const VoxelizedMesh& mesh, const int64_t* starts, const Touches& touches, cudaStream_t stream);

// is_first[i]: whether the i-th touch in sorted order opens a cell.
void mark_cells(const uint64_t* sorted_keys, int64_t count, int64_t* is_first, cudaStream_t stream);

// coords [M, 3], face [M] and barycentrics [M, 3] of the cells, whose numbers are the sums of is_first.
struct SortedTouches {
  const uint64_t* keys;
  const int32_t* number;  // in the unsorted touches
  const int64_t *is_first, *cell;
  int64_t count;
};
void write_voxels(const VoxelizedMesh& mesh, const Touches& touches, const SortedTouches& sorted, int32_t* coords, int32_t* face, float* barycentrics,
                  cudaStream_t stream);

}  // namespace earthcraft::gpu
