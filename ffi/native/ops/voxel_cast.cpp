// Casts rays into sparse voxels: which voxel does each pixel see first, and how deep.
//
// Cell i covers [i, i + 1) * voxel_m from the origin; rays are those of a pinhole camera through its pixel centres, or parallel ones.  A ray walks
// the lattice cell by cell (Amanatides and Woo, "A fast voxel traversal algorithm", 1987), first over blocks of 8 x 8 x 8 cells and inside the
// occupied ones over cells.  In double: equal bits at every thread count.
//
// Shapes:  coords_N3 i32 (x, y, z), viewmats_V44, Ks_V33   ->   voxel_VHW i32 (row of coords, -1: none), depth_VHW f32 (z-depth where the ray enters
// the
//          voxel, 0: none; `near` where it starts inside)

#include "voxel_cast.h"

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

namespace earthcraft {
namespace {

class Grid {
 public:
  explicit Grid(const at::Tensor& coords_N3) {
    const int32_t* coords = coords_N3.const_data_ptr<int32_t>();
    const int64_t n = coords_N3.size(0);
    int32_t least[3] = {}, most[3] = {};
    for (int axis = 0; axis < 3 && n > 0; ++axis) {
      least[axis] = most[axis] = coords[axis];
      for (int64_t i = 1; i < n; ++i) {
        least[axis] = std::min(least[axis], coords[3 * i + axis]);
        most[axis] = std::max(most[axis], coords[3 * i + axis]);
      }
    }
    view_ = empty_blocks(n, least, most);
    if (n == 0) return;
    block_.assign(view_.blocks[0] * view_.blocks[1] * view_.blocks[2], -1);
    for (int64_t i = 0; i < n; ++i) {
      const int64_t cell[3] = {coords[3 * i] - view_.low[0], coords[3 * i + 1] - view_.low[1], coords[3 * i + 2] - view_.low[2]};
      int32_t& block = block_[view_.index(cell[0] / kEdge, cell[1] / kEdge, cell[2] / kEdge)];
      if (block < 0) {
        block = cells_.size() / kCells;
        cells_.insert(cells_.end(), kCells, -1);
      }
      int32_t& row = cells_[block * kCells + VoxelBlocks::within(cell)];
      if (row < 0) row = i;  // a coordinate given twice keeps its first row
    }
    view_.block = block_.data();
    view_.cells = cells_.data();
  }

  const VoxelBlocks& view() const { return view_; }

 private:
  VoxelBlocks view_;
  std::vector<int32_t> block_, cells_;
};

std::tuple<at::Tensor, at::Tensor> voxel_cast(const at::Tensor& coords_N3, at::ArrayRef<double> origin, double voxel_m,
                                              const at::Tensor& viewmats_V44, const at::Tensor& Ks_V33, int64_t width, int64_t height, double near,
                                              std::string projection) {
  const std::vector<Camera> cameras = read_cast(coords_N3, origin, voxel_m, viewmats_V44, Ks_V33, width, height, near, projection);
  const at::Tensor coords = coords_N3.contiguous();
  const int64_t views = cameras.size();
  at::Tensor voxel_VHW = at::empty({views, height, width}, coords.options());
  at::Tensor depth_VHW = at::empty({views, height, width}, coords.options().dtype(at::kFloat));
  const Grid grid(coords);
  const VoxelLattice lattice{{origin[0], origin[1], origin[2]}, voxel_m};
  int32_t* voxel = voxel_VHW.data_ptr<int32_t>();
  float* depth = depth_VHW.data_ptr<float>();
  at::parallel_for(0, views * height, 4, [&](int64_t begin, int64_t end) {
    for (int64_t line = begin; line < end; ++line)
      for (int64_t x = 0; x < width; ++x) {
        const int64_t to = line * width + x;
        voxel[to] = -1;
        depth[to] = 0;
        if (coords.size(0) == 0) continue;
        cast(grid.view(), pixel_ray(cameras[line / height], x, line % height, lattice, grid.view().low), near, voxel + to, depth + to);
      }
  });
  return {voxel_VHW, depth_VHW};
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(earthcraft, m) {
  m.def(
      "voxel_cast(Tensor coords, float[] origin, float voxel_m, Tensor viewmats, Tensor Ks, int width, int height, float near=0.01, str "
      "projection=\"pinhole\") -> (Tensor voxel, Tensor depth)");
}
TORCH_LIBRARY_IMPL(earthcraft, CPU, m) { m.impl("voxel_cast", &voxel_cast); }

}  // namespace earthcraft
