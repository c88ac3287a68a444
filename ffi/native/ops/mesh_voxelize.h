// The checked arguments of mesh_voxelize.
#pragma once

#include <ATen/core/Tensor.h>

#include <cmath>

#include "camera.h"
#include "kernels/mesh_cells.h"

namespace earthcraft {

inline CellLattice read_lattice(const at::Tensor& vertices_N3, const at::Tensor& faces_F3, at::ArrayRef<double> origin, double voxel_m,
                                at::IntArrayRef extent) {
  check_mesh("mesh_voxelize", vertices_N3, faces_F3);
  TORCH_CHECK(origin.size() == 3 && std::isfinite(origin[0]) && std::isfinite(origin[1]) && std::isfinite(origin[2]),
              "mesh_voxelize: origin must be 3 finite numbers, got ", origin);
  TORCH_CHECK(std::isfinite(voxel_m) && voxel_m > 0, "mesh_voxelize: voxel_m must be positive, got ", voxel_m);
  TORCH_CHECK(extent.size() == 3, "mesh_voxelize: extent must be 3 numbers of cells, got ", extent);
  CellLattice lattice;
  lattice.voxel_m = voxel_m;
  for (int axis = 0; axis < 3; ++axis) {
    TORCH_CHECK(extent[axis] > 0 && extent[axis] <= int64_t{1} << kAxisBits, "mesh_voxelize: extent must lie in [1, 2^", kAxisBits,
                "] cells an axis, got ", extent);
    lattice.origin[axis] = origin[axis];
    lattice.extent[axis] = extent[axis];
  }
  return lattice;
}

}  // namespace earthcraft
