// The lattice's cells that a triangle touches: the arithmetic of mesh_voxelize, which the CPU and CUDA share to the bit.  In double; compile without
// fused multiply-add.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "host_device.h"
#include "morton.h"
#include "triangle_box.h"

namespace earthcraft {

constexpr int kAxisBits = 21;

struct CellLattice {
  double origin[3];
  double voxel_m;
  int64_t extent[3];

  EC_HOST_DEVICE void corners(const float* vertices, const int32_t* face, double (&out)[3][3]) const {
    for (int i = 0; i < 3; ++i)
      for (int axis = 0; axis < 3; ++axis) out[i][axis] = (vertices[3 * static_cast<int64_t>(face[i]) + axis] - origin[axis]) / voxel_m;
  }

  // The voxel of a key and the point of its face (3 vertices) that is nearest to the cell's centre.
  EC_HOST_DEVICE void voxel(uint64_t key, const float* vertices, const int32_t* face, int32_t* coords, float* out) const {
    double corner[3][3], centre[3], barycentrics[3];
    for (int axis = 0; axis < 3; ++axis) {
      coords[axis] = compact_bits<kAxisBits>(key >> axis);
      centre[axis] = coords[axis] + 0.5;
    }
    corners(vertices, face, corner);
    nearest_on_triangle(corner, centre, barycentrics);
    for (int k = 0; k < 3; ++k) out[k] = static_cast<float>(barycentrics[k]);
  }
};

// Morton order, x in the lowest bit.
EC_HOST_DEVICE inline uint64_t cell_key(const double (&cell)[3]) {
  return spread_bits<kAxisBits>(static_cast<uint64_t>(cell[0])) | spread_bits<kAxisBits>(static_cast<uint64_t>(cell[1])) << 1 |
         spread_bits<kAxisBits>(static_cast<uint64_t>(cell[2])) << 2;
}

// The cells of one face: columns along the axis that its normal follows most, so that a large face costs its area, not its bounding box.
class FaceCells {
 public:
  // The corners are in cells.
  EC_HOST_DEVICE FaceCells(const CellLattice& lattice, const double (&corner)[3][3]) : corner_(corner), overlaps_(corner) {
    for (int axis = 0; axis < 3; ++axis) {
      const double least = std::min(std::min(corner[0][axis], corner[1][axis]), corner[2][axis]),
                   most = std::max(std::max(corner[0][axis], corner[1][axis]), corner[2][axis]);
      low_[axis] = std::max(0.0, std::floor(least));
      high_[axis] = std::min(lattice.extent[axis] - 1.0, std::floor(most));
      if (!(std::isfinite(least) && std::isfinite(most) && low_[axis] <= high_[axis])) return;
    }
    const double* normal = overlaps_.normal;
    deep_ = 2;
    if (std::abs(normal[0]) > std::abs(normal[deep_])) deep_ = 0;
    if (std::abs(normal[1]) > std::abs(normal[deep_])) deep_ = 1;
    u_ = (deep_ + 1) % 3, v_ = (deep_ + 2) % 3;
    slope_u_ = normal[deep_] != 0 ? -normal[u_] / normal[deep_] : 0, slope_v_ = normal[deep_] != 0 ? -normal[v_] / normal[deep_] : 0;
    width_ = static_cast<int64_t>(high_[u_] - low_[u_]) + 1;
    columns_ = width_ * (static_cast<int64_t>(high_[v_] - low_[v_]) + 1);
  }

  EC_HOST_DEVICE int64_t columns() const { return columns_; }

  // Calls touched(cell, squared distance from its centre to the face) for the cells of one column.
  template <typename Touched>
  EC_HOST_DEVICE void visit(int64_t column, const Touched& touched) const {
    const double* normal = overlaps_.normal;
    double cell[3];
    cell[u_] = low_[u_] + static_cast<double>(column % width_);
    cell[v_] = low_[v_] + static_cast<double>(column / width_);
    double first = low_[deep_], last = high_[deep_];
    if (normal[deep_] != 0) {                                       // one cell of slack on both sides: the overlap test decides
      const double rise = std::abs(slope_u_) + std::abs(slope_v_);  // of the plane over one column
      const double lowest = corner_[0][deep_] + slope_u_ * (cell[u_] - corner_[0][u_]) + slope_v_ * (cell[v_] - corner_[0][v_]) +
                            std::min(0.0, slope_u_) + std::min(0.0, slope_v_);
      first = std::max(first, std::floor(lowest) - 1);
      last = std::min(last, std::floor(lowest + rise) + 1);
    }
    for (cell[deep_] = first; cell[deep_] <= last; ++cell[deep_]) {
      if (!overlaps_(cell)) continue;
      const double centre[3] = {cell[0] + 0.5, cell[1] + 0.5, cell[2] + 0.5};
      double barycentrics[3];
      touched(cell, nearest_on_triangle(corner_, centre, barycentrics));
    }
  }

 private:
  const double (&corner_)[3][3];
  TriangleOverlap overlaps_;
  double low_[3], high_[3], slope_u_ = 0, slope_v_ = 0;
  int deep_ = 2, u_ = 0, v_ = 1;
  int64_t width_ = 0, columns_ = 0;
};

}  // namespace earthcraft
