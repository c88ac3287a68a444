// Sets of voxels on a GPU, checked and sorted: the twin of ops/voxel_grid.h. A look-up is a search among sorted keys.
#pragma once

#include <ATen/core/Tensor.h>

#include "../../kernels/morton.h"
#include "../voxel_index.h"
#include "launch.h"

namespace earthcraft::gpu {

// int32 [N, 4] on a GPU, contiguous rows of 16 bytes. Looks at the shape and type, not at the values.
at::Tensor shaped_coords(const char* op, const char* argument, const at::Tensor& coords);

// Morton keys int64 [N] of coords. Waits for the GPU to see that all lie within the bounds, and names the first that does not.
at::Tensor checked_keys(const char* op, const char* argument, const at::Tensor& coords);

// The first row named by `trouble`, a tensor of kernels' findings that starts as kNothing; waits for the GPU.
int64_t first_trouble(const at::Tensor& trouble, int64_t which = 0);
at::Tensor no_trouble(const at::Tensor& like, int64_t kinds = 1);
void check_bounds(const char* op, const char* argument, const at::Tensor& coords, int64_t row);

at::Tensor coords_of(const at::Tensor& keys, const at::Tensor& like);

struct Sorted {
  at::Tensor keys, order;  // int64 [N]
};
Sorted sorted(const at::Tensor& keys);  // equal keys keep their order

// Keys in order, each once; kNothing left out. Waits for the GPU: how many there are is not known before.
at::Tensor unique_keys(const at::Tensor& keys);

struct Runs {
  at::Tensor first, place;  // int64 [N]: 1 at the first of a run of equals; number of runs so far
  int64_t count;
};
// `first` as a kernel marked it; waits for the GPU.
Runs counted(const at::Tensor& first);

// Unique voxels in any order. Duplicates are an error that names both rows.
class VoxelGrid {
 public:
  VoxelGrid(const char* op, const char* argument, const at::Tensor& coords);
  SortedVoxels view() const { return {keys.const_data_ptr<int64_t>(), order.const_data_ptr<int64_t>(), keys.size(0)}; }
  at::Tensor keys, order;  // int64 [N]
};

}  // namespace earthcraft::gpu
