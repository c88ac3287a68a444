// Rays through sparse voxels: the arithmetic of voxel_cast, which the CPU and CUDA share to the bit.  In double; compile without fused multiply-add.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "camera.h"
#include "host_device.h"

namespace earthcraft {

constexpr int64_t kEdge = 8, kCells = kEdge * kEdge * kEdge;

struct VoxelLattice {
  double origin[3], voxel_m;
};

// Occupied cells in two levels: a dense grid of blocks over the bounding box, and a table of cells for each block that has any.
struct VoxelBlocks {
  int64_t low[3], blocks[3];  // first cell of the box, a multiple of the block's edge; extent in blocks
  const int32_t* block;       // [blocks z, y, x]: number of the block's table, -1: none
  const int32_t* cells;       // [tables, 8, 8, 8]: row of the voxel, negative: none

  EC_HOST_DEVICE int64_t index(int64_t x, int64_t y, int64_t z) const { return (z * blocks[1] + y) * blocks[0] + x; }
  EC_HOST_DEVICE const int32_t* find(const int64_t (&at)[3]) const {
    const int32_t table = block[index(at[0], at[1], at[2])];
    return table < 0 ? nullptr : cells + table * kCells;
  }
  // Where the cell stands in its block's table.
  EC_HOST_DEVICE static int64_t within(const int64_t (&cell)[3]) { return (cell[2] % kEdge * kEdge + cell[1] % kEdge) * kEdge + cell[0] % kEdge; }
};

// The multiple of the block's edge at or below a cell.
EC_HOST_DEVICE inline int64_t block_start(int64_t cell) { return cell - (cell % kEdge + kEdge) % kEdge; }

struct Ray {
  double origin[3], direction[3];  // in cells from the grid's low corner; the parameter is z-depth
};

// Walks cells of edge `size` inside [begin, end) cells, from parameter `enter` to `leave`; visit(cell, enter, leave) returns true to stop.
template <typename Visit>
EC_HOST_DEVICE bool walk(const Ray& ray, double size, const int64_t (&begin)[3], const int64_t (&end)[3], double enter, double leave,
                         const Visit& visit) {
  int64_t cell[3], step[3];
  double next[3], stride[3];
  for (int axis = 0; axis < 3; ++axis) {
    const double at = (ray.origin[axis] + enter * ray.direction[axis]) / size;
    cell[axis] = static_cast<int64_t>(std::min<double>(end[axis] - 1, std::max<double>(begin[axis], std::floor(at))));
    const double d = ray.direction[axis];
    step[axis] = d > 0 ? 1 : d < 0 ? -1 : 0;
    stride[axis] = d != 0 ? size / std::abs(d) : static_cast<double>(INFINITY);
    next[axis] = d != 0 ? ((cell[axis] + (d > 0)) * size - ray.origin[axis]) / d : static_cast<double>(INFINITY);
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

EC_HOST_DEVICE inline void cast(const VoxelBlocks& grid, const Ray& ray, double near, int32_t* voxel, float* depth) {
  *voxel = -1;
  *depth = 0;
  double enter = near, leave = static_cast<double>(INFINITY);
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
    const int32_t* cells = grid.find(block);
    if (cells == nullptr) return false;
    const int64_t begin[3] = {block[0] * kEdge, block[1] * kEdge, block[2] * kEdge}, end[3] = {begin[0] + kEdge, begin[1] + kEdge, begin[2] + kEdge};
    return walk(ray, 1, begin, end, in, out, [&](const int64_t (&cell)[3], double at, double) {
      const int32_t row = cells[VoxelBlocks::within(cell)];
      if (row < 0) return false;
      *voxel = row;
      *depth = static_cast<float>(at);
      return true;
    });
  });
}

// The ray of a pixel's centre.
EC_HOST_DEVICE inline Ray pixel_ray(const Camera& camera, int64_t x, int64_t y, const VoxelLattice& lattice, const int64_t (&low)[3]) {
  double from[3], along[3];
  camera.ray(x + 0.5, y + 0.5, from, along);
  Ray ray;
  for (int axis = 0; axis < 3; ++axis) {
    ray.origin[axis] = (from[axis] - lattice.origin[axis]) / lattice.voxel_m - low[axis];
    ray.direction[axis] = along[axis] / lattice.voxel_m;
  }
  return ray;
}

}  // namespace earthcraft
