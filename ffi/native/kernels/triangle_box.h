// Triangles against the cells of a lattice, in cell units: overlap by separating axes and the nearest point of a triangle.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "host_device.h"

namespace earthcraft {

// Separating axes of a triangle and a unit cell, prepared once a triangle (Schwarz and Seidel, "Fast parallel surface and solid voxelization on
// GPUs", 2010): the triangle's plane, and the three edges in each of the three projections; the cell's own axes are its bounding box.
class TriangleOverlap {
 public:
  double normal[3];

  EC_HOST_DEVICE explicit TriangleOverlap(const double (&corner)[3][3]) {
    double edge[3][3];
    for (int i = 0; i < 3; ++i)
      for (int axis = 0; axis < 3; ++axis) edge[i][axis] = corner[(i + 1) % 3][axis] - corner[i][axis];
    for (int axis = 0; axis < 3; ++axis) {
      const int u = (axis + 1) % 3, v = (axis + 2) % 3;
      normal[axis] = edge[0][u] * edge[1][v] - edge[0][v] * edge[1][u];
    }
    plane_low_ = plane_high_ = 0;
    for (int axis = 0; axis < 3; ++axis) {
      plane_low_ += normal[axis] * ((normal[axis] > 0 ? 1 : 0) - corner[0][axis]);
      plane_high_ += normal[axis] * ((normal[axis] > 0 ? 0 : 1) - corner[0][axis]);
    }
    for (int axis = 0; axis < 3; ++axis) {
      const int u = (axis + 1) % 3, v = (axis + 2) % 3;
      const double sign = normal[axis] >= 0 ? 1 : -1;
      for (int i = 0; i < 3; ++i) {
        Side& side = sides_[axis][i];
        side.u = -edge[i][v] * sign;
        side.v = edge[i][u] * sign;
        side.offset = -(side.u * corner[i][u] + side.v * corner[i][v]) + std::max(0.0, side.u) + std::max(0.0, side.v);
      }
    }
  }

  // Whether the closed cell [x, x + 1] x [y, y + 1] x [z, z + 1], already known to overlap the bounding box, touches the triangle.
  EC_HOST_DEVICE bool operator()(const double (&cell)[3]) const {
    const double along = normal[0] * cell[0] + normal[1] * cell[1] + normal[2] * cell[2];
    if ((along + plane_low_) * (along + plane_high_) > 0) return false;
    for (int axis = 0; axis < 3; ++axis) {
      const double u = cell[(axis + 1) % 3], v = cell[(axis + 2) % 3];
      for (const Side& side : sides_[axis])
        if (side.u * u + side.v * v + side.offset < 0) return false;
    }
    return true;
  }

 private:
  struct Side {
    double u, v, offset;
  };
  double plane_low_, plane_high_;
  Side sides_[3][3];
};

// The same for a triangle without area to speak of: the nearest point of its three sides.
EC_HOST_DEVICE inline double nearest_on_sides(const double (&corner)[3][3], const double (&at)[3], double (&barycentrics)[3]) {
  double best = std::numeric_limits<double>::infinity();
  barycentrics[0] = barycentrics[1] = barycentrics[2] = 0;
  for (int i = 0; i < 3; ++i) {
    const double *p = corner[i], *q = corner[(i + 1) % 3];
    double along = 0, length = 0, squared = 0;
    for (int axis = 0; axis < 3; ++axis) {
      along += (at[axis] - p[axis]) * (q[axis] - p[axis]);
      length += (q[axis] - p[axis]) * (q[axis] - p[axis]);
    }
    const double t = length > 0 ? std::min(1.0, std::max(0.0, along / length)) : 0;
    for (int axis = 0; axis < 3; ++axis) {
      const double gap = at[axis] - p[axis] - t * (q[axis] - p[axis]);
      squared += gap * gap;
    }
    if (squared >= best) continue;
    best = squared;
    barycentrics[i] = 1 - t;
    barycentrics[(i + 1) % 3] = t;
    barycentrics[(i + 2) % 3] = 0;
  }
  return best;
}

// Barycentrics of the triangle's point nearest to `at` (Ericson, Real-Time Collision Detection, 5.1.5); returns the squared distance in cells.
EC_HOST_DEVICE inline double nearest_on_triangle(const double (&corner)[3][3], const double (&at)[3], double (&barycentrics)[3]) {
  double ab[3], ac[3], ap[3], bp[3], cp[3];
  for (int i = 0; i < 3; ++i) {
    ab[i] = corner[1][i] - corner[0][i];
    ac[i] = corner[2][i] - corner[0][i];
    ap[i] = at[i] - corner[0][i];
    bp[i] = at[i] - corner[1][i];
    cp[i] = at[i] - corner[2][i];
  }
  const auto dot = [](const double(&a)[3], const double(&b)[3]) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; };
  const double d1 = dot(ab, ap), d2 = dot(ac, ap), d3 = dot(ab, bp), d4 = dot(ac, bp), d5 = dot(ab, cp), d6 = dot(ac, cp);
  const double vc = d1 * d4 - d3 * d2, vb = d5 * d2 - d1 * d6, va = d3 * d6 - d5 * d4;
  // Their sum is the double area, squared. Where a triangle is less than a millionth as high as it is long, rounding decides which are negative.
  const double longest = std::max(dot(ab, ab), dot(ac, ac));
  if (!(va + vb + vc > 1e-12 * longest * longest)) return nearest_on_sides(corner, at, barycentrics);
  double v, w;
  if (d1 <= 0 && d2 <= 0) {
    v = w = 0;
  } else if (d3 >= 0 && d4 <= d3) {
    v = 1, w = 0;
  } else if (vc <= 0 && d1 >= 0 && d3 <= 0) {
    v = d1 / (d1 - d3), w = 0;
  } else if (d6 >= 0 && d5 <= d6) {
    v = 0, w = 1;
  } else if (vb <= 0 && d2 >= 0 && d6 <= 0) {
    v = 0, w = d2 / (d2 - d6);
  } else if (va <= 0 && d4 - d3 >= 0 && d5 - d6 >= 0) {
    w = (d4 - d3) / ((d4 - d3) + (d5 - d6));
    v = 1 - w;
  } else {
    const double sum = va + vb + vc;
    v = vb / sum, w = vc / sum;
  }
  barycentrics[0] = std::max(0.0, 1 - v - w);
  barycentrics[1] = v;
  barycentrics[2] = w;
  double squared = 0;
  for (int i = 0; i < 3; ++i) {
    const double gap = ap[i] - v * ab[i] - w * ac[i];
    squared += gap * gap;
  }
  return squared;
}

}  // namespace earthcraft
