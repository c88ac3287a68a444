// The checked arguments of voxel_cast.
#pragma once

#include <ATen/core/Tensor.h>

#include <cmath>
#include <string>
#include <vector>

#include "camera.h"
#include "kernels/voxel_walk.h"

namespace earthcraft {

constexpr int64_t kMostBlocks = int64_t{1} << 30;

inline std::vector<Camera> read_cast(const at::Tensor& coords_N3, at::ArrayRef<double> origin, double voxel_m, const at::Tensor& viewmats_V44,
                                     const at::Tensor& Ks_V33, int64_t width, int64_t height, double near, const std::string& projection) {
  TORCH_CHECK(coords_N3.dim() == 2 && coords_N3.size(1) == 3 && coords_N3.scalar_type() == at::kInt, "voxel_cast: coords must be int32 [N, 3], got ",
              coords_N3.scalar_type(), " ", coords_N3.sizes());
  TORCH_CHECK(origin.size() == 3, "voxel_cast: origin must be 3 numbers, got ", origin);
  TORCH_CHECK(std::isfinite(voxel_m) && voxel_m > 0, "voxel_cast: voxel_m must be positive, got ", voxel_m);
  TORCH_CHECK(std::isfinite(near), "voxel_cast: near must be finite, got ", near);
  check_image_size("voxel_cast", width, height);
  return read_cameras("voxel_cast", viewmats_V44, Ks_V33, projection);
}

// The blocks, without tables yet, of `count` voxels whose coordinates lie in [least, most].
inline VoxelBlocks empty_blocks(int64_t count, const int32_t (&least)[3], const int32_t (&most)[3]) {
  VoxelBlocks out{};
  if (count == 0) return out;
  for (int axis = 0; axis < 3; ++axis) {
    out.low[axis] = block_start(least[axis]);
    out.blocks[axis] = (most[axis] - out.low[axis]) / kEdge + 1;
  }
  const int64_t* blocks = out.blocks;
  TORCH_CHECK(blocks[0] <= kMostBlocks && blocks[1] <= kMostBlocks / blocks[0] && blocks[2] <= kMostBlocks / (blocks[0] * blocks[1]),
              "voxel_cast: coords spread over ", blocks[0], " x ", blocks[1], " x ", blocks[2], " blocks of 8^3 cells, more than 2^30");
  return out;
}

}  // namespace earthcraft
