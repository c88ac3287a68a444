// voxel_cast on CUDA: see ops/voxel_cast.cpp.  The same bits as on the CPU.

#include "ops/voxel_cast.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/aminmax.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/stack.h>
#include <torch/library.h>

#include <string>
#include <tuple>
#include <vector>

#include "cuda/voxel_cast.h"
#include "launch.h"

namespace earthcraft {
namespace {

std::tuple<at::Tensor, at::Tensor> voxel_cast(const at::Tensor& coords_N3, at::ArrayRef<double> origin, double voxel_m,
                                              const at::Tensor& viewmats_V44, const at::Tensor& Ks_V33, int64_t width, int64_t height, double near,
                                              std::string projection) {
  TORCH_CHECK(coords_N3.is_cuda(), "voxel_cast: coords lies on ", coords_N3.device(), ", another tensor on a GPU");
  const std::vector<Camera> cameras = read_cast(coords_N3, origin, voxel_m, viewmats_V44, Ks_V33, width, height, near, projection);
  const OnDevice on(coords_N3);
  const at::Tensor coords = coords_N3.contiguous();
  const int64_t views = cameras.size(), count = coords.size(0), pixels = width * height;
  at::Tensor voxel_VHW = at::empty({views, height, width}, coords.options());
  at::Tensor depth_VHW = at::empty({views, height, width}, coords.options().dtype(at::kFloat));
  if (count == 0) {
    voxel_VHW.fill_(-1);
    depth_VHW.zero_();
    return {voxel_VHW, depth_VHW};
  }
  const auto [low, high] = at::aminmax(coords, 0);
  const at::Tensor bounds_23 = at::stack({low, high}).to(at::kCPU);
  int32_t least[3], most[3];
  for (int axis = 0; axis < 3; ++axis) {
    least[axis] = bounds_23.const_data_ptr<int32_t>()[axis];
    most[axis] = bounds_23.const_data_ptr<int32_t>()[3 + axis];
  }
  VoxelBlocks grid = empty_blocks(count, least, most);
  const at::Tensor block = at::empty({grid.blocks[0] * grid.blocks[1] * grid.blocks[2]}, coords.options()),
                   table_count = at::empty({1}, coords.options());
  const int32_t* coord = coords.const_data_ptr<int32_t>();
  gpu::voxel_blocks(coord, count, grid, block.data_ptr<int32_t>(), table_count.data_ptr<int32_t>(), on.stream());
  on.launched();
  const int64_t tables = table_count.item<int32_t>();
  const at::Tensor cells = at::empty({tables, kCells}, coords.options());
  grid.block = block.const_data_ptr<int32_t>();
  grid.cells = cells.const_data_ptr<int32_t>();
  gpu::voxel_cells(coord, count, grid, cells.data_ptr<int32_t>(), tables, on.stream());
  const VoxelLattice lattice{{origin[0], origin[1], origin[2]}, voxel_m};
  for (int64_t v = 0; v < views; ++v)
    gpu::voxel_cast(grid, lattice, cameras[v], near, static_cast<int>(width), static_cast<int>(height), voxel_VHW.data_ptr<int32_t>() + v * pixels,
                    depth_VHW.data_ptr<float>() + v * pixels, on.stream());
  on.launched();
  return {voxel_VHW, depth_VHW};
}

}  // namespace

TORCH_LIBRARY_IMPL(earthcraft, CUDA, m) { m.impl("voxel_cast", &voxel_cast); }

}  // namespace earthcraft
