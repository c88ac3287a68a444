// Casts rays into sparse voxels: which voxel does each pixel see first, and how deep.
//
// Cell i covers [i, i + 1) * voxel_m from the origin; rays are those of a pinhole camera through its pixel centres, or parallel ones.  A ray walks
// the lattice cell by cell (Amanatides and Woo, "A fast voxel traversal algorithm", 1987), first over blocks of 8 x 8 x 8 cells and inside the
// occupied ones over cells.  In double: equal bits at every thread count.
//
// Shapes:  coords_N3 i32 (x, y, z), viewmats_V44, Ks_V33   ->   voxel_VHW i32 (row of coords, -1: none), depth_VHW f32 (z-depth where the ray enters
// the
//          voxel, 0: none; `near` where it starts inside)

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include "camera.h"

namespace earthcraft {
namespace {

constexpr int64_t kEdge = 8, kCells = kEdge * kEdge * kEdge;
constexpr int64_t kMostBlocks = int64_t{1} << 30;

// Occupied cells in two levels: a dense grid of blocks over the bounding box, and a table of cells for each block that has any.
class Grid {
 public:
  int64_t low[3], blocks[3];  // first cell of the box, a multiple of the block's edge; extent in blocks

  explicit Grid(const at::Tensor& coords_N3) {
    const int32_t* coords = coords_N3.const_data_ptr<int32_t>();
    const int64_t n = coords_N3.size(0);
    for (int axis = 0; axis < 3; ++axis) {
      int64_t least = INT32_MAX, most = INT32_MIN;
      for (int64_t i = 0; i < n; ++i) {
        least = std::min<int64_t>(least, coords[3 * i + axis]);
        most = std::max<int64_t>(most, coords[3 * i + axis]);
      }
      low[axis] = (least - (least % kEdge + kEdge) % kEdge);
      blocks[axis] = n == 0 ? 0 : (most - low[axis]) / kEdge + 1;
    }
    if (n == 0) return;
    TORCH_CHECK(blocks[0] <= kMostBlocks && blocks[1] <= kMostBlocks / blocks[0] && blocks[2] <= kMostBlocks / (blocks[0] * blocks[1]),
                "voxel_cast: coords spread over ", blocks[0], " x ", blocks[1], " x ", blocks[2], " blocks of 8^3 cells, more than 2^30");
    block_.assign(blocks[0] * blocks[1] * blocks[2], -1);
    for (int64_t i = 0; i < n; ++i) {
      const int64_t cell[3] = {coords[3 * i] - low[0], coords[3 * i + 1] - low[1], coords[3 * i + 2] - low[2]};
      int32_t& block = block_[block_index(cell[0] / kEdge, cell[1] / kEdge, cell[2] / kEdge)];
      if (block < 0) {
        block = cells_.size() / kCells;
        cells_.insert(cells_.end(), kCells, -1);
      }
      int32_t& row = cells_[block * kCells + (cell[2] % kEdge * kEdge + cell[1] % kEdge) * kEdge + cell[0] % kEdge];
      if (row < 0) row = i;  // a coordinate given twice keeps its first row
    }
  }

  const int32_t* block(const int64_t (&at)[3]) const {
    const int32_t index = block_[block_index(at[0], at[1], at[2])];
    return index < 0 ? nullptr : cells_.data() + index * kCells;
  }

 private:
  int64_t block_index(int64_t x, int64_t y, int64_t z) const { return (z * blocks[1] + y) * blocks[0] + x; }

  std::vector<int32_t> block_, cells_;
};

struct Ray {
  double origin[3], direction[3];  // in cells from the grid's low corner; the parameter is z-depth
};

// Walks cells of edge `size` inside [begin, end) cells, from parameter `enter` to `leave`; visit(cell, enter, leave) returns true to stop.
template <typename Visit>
bool walk(const Ray& ray, double size, const int64_t (&begin)[3], const int64_t (&end)[3], double enter, double leave, const Visit& visit) {
  int64_t cell[3], step[3];
  double next[3], stride[3];
  for (int axis = 0; axis < 3; ++axis) {
    const double at = (ray.origin[axis] + enter * ray.direction[axis]) / size;
    cell[axis] = static_cast<int64_t>(std::min<double>(end[axis] - 1, std::max<double>(begin[axis], std::floor(at))));
    const double d = ray.direction[axis];
    step[axis] = d > 0 ? 1 : d < 0 ? -1 : 0;
    stride[axis] = d != 0 ? size / std::abs(d) : std::numeric_limits<double>::infinity();
    next[axis] = d != 0 ? ((cell[axis] + (d > 0)) * size - ray.origin[axis]) / d : std::numeric_limits<double>::infinity();
  }
  while (true) {
    const int axis = next[0] <= next[1] ? (next[0] <= next[2] ? 0 : 2) : (next[1] <= next[2] ? 1 : 2);
    const double out = std::min(next[axis], leave);
    if (visit(cell, enter, out)) return true;
    if (!(next[axis] < leave)) return false;
    enter = std::max(enter, next[axis]);
    cell[axis] += step[axis];
    if (cell[axis] < begin[axis] || cell[axis] >= end[axis]) return false;
    next[axis] += stride[axis];
  }
}

void cast(const Grid& grid, const Ray& ray, double near, int32_t* voxel, float* depth) {
  *voxel = -1;
  *depth = 0;
  double enter = near, leave = std::numeric_limits<double>::infinity();
  for (int axis = 0; axis < 3; ++axis) {
    const double high = static_cast<double>(grid.blocks[axis] * kEdge);
    if (ray.direction[axis] == 0) {
      if (!(ray.origin[axis] >= 0 && ray.origin[axis] < high)) return;
      continue;
    }
    const double a = -ray.origin[axis] / ray.direction[axis], b = (high - ray.origin[axis]) / ray.direction[axis];
    enter = std::max(enter, std::min(a, b));
    leave = std::min(leave, std::max(a, b));
  }
  if (!(enter < leave)) return;
  const int64_t zero[3] = {0, 0, 0};
  walk(ray, kEdge, zero, grid.blocks, enter, leave, [&](const int64_t (&block)[3], double in, double out) {
    const int32_t* cells = grid.block(block);
    if (cells == nullptr) return false;
    const int64_t begin[3] = {block[0] * kEdge, block[1] * kEdge, block[2] * kEdge}, end[3] = {begin[0] + kEdge, begin[1] + kEdge, begin[2] + kEdge};
    return walk(ray, 1, begin, end, in, out, [&](const int64_t (&cell)[3], double at, double) {
      const int32_t row = cells[(cell[2] % kEdge * kEdge + cell[1] % kEdge) * kEdge + cell[0] % kEdge];
      if (row < 0) return false;
      *voxel = row;
      *depth = static_cast<float>(at);
      return true;
    });
  });
}

std::tuple<at::Tensor, at::Tensor> voxel_cast(const at::Tensor& coords_N3, at::ArrayRef<double> origin, double voxel_m,
                                              const at::Tensor& viewmats_V44, const at::Tensor& Ks_V33, int64_t width, int64_t height, double near,
                                              std::string projection) {
  TORCH_CHECK(coords_N3.dim() == 2 && coords_N3.size(1) == 3 && coords_N3.scalar_type() == at::kInt, "voxel_cast: coords must be int32 [N, 3], got ",
              coords_N3.scalar_type(), " ", coords_N3.sizes());
  TORCH_CHECK(origin.size() == 3, "voxel_cast: origin must be 3 numbers, got ", origin);
  TORCH_CHECK(std::isfinite(voxel_m) && voxel_m > 0, "voxel_cast: voxel_m must be positive, got ", voxel_m);
  TORCH_CHECK(std::isfinite(near), "voxel_cast: near must be finite, got ", near);
  check_image_size("voxel_cast", width, height);
  const std::vector<Camera> cameras = read_cameras("voxel_cast", viewmats_V44, Ks_V33, projection);
  const at::Tensor coords = coords_N3.contiguous();
  const int64_t views = cameras.size();
  at::Tensor voxel_VHW = at::empty({views, height, width}, coords.options());
  at::Tensor depth_VHW = at::empty({views, height, width}, coords.options().dtype(at::kFloat));
  const Grid grid(coords);
  int32_t* voxel = voxel_VHW.data_ptr<int32_t>();
  float* depth = depth_VHW.data_ptr<float>();
  at::parallel_for(0, views * height, 4, [&](int64_t begin, int64_t end) {
    for (int64_t line = begin; line < end; ++line)
      for (int64_t x = 0; x < width; ++x) {
        const int64_t to = line * width + x;
        voxel[to] = -1;
        depth[to] = 0;
        if (grid.blocks[0] == 0) continue;
        double from[3], along[3];
        cameras[line / height].ray(x + 0.5, line % height + 0.5, from, along);
        Ray ray;
        for (int axis = 0; axis < 3; ++axis) {
          ray.origin[axis] = (from[axis] - origin[axis]) / voxel_m - grid.low[axis];
          ray.direction[axis] = along[axis] / voxel_m;
        }
        cast(grid, ray, near, voxel + to, depth + to);
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
