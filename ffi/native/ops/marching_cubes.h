// The checked arguments of marching_cubes.
#pragma once

#include <ATen/core/Tensor.h>

#include <cmath>
#include <optional>
#include <string>

#include "kernels/marching_cubes.h"

namespace earthcraft {

constexpr int64_t kAxisValues = int64_t{1} << 21, kVolumeValues = int64_t{1} << 40;

struct VolumeSlab {
  VolumeGrid grid;  // planes: with the one before
  bool above;
  bool empty;  // no cell: no surface
};

inline VolumeSlab read_slab(const at::Tensor& volume_IJK, double level, at::ArrayRef<double> spacing, at::ArrayRef<double> origin,
                            const std::string& inside, const std::optional<at::Tensor>& before_JK, int64_t first_plane, int64_t first_vertex,
                            bool more) {
  TORCH_CHECK(volume_IJK.dim() == 3 && volume_IJK.scalar_type() == at::kFloat, "marching_cubes: volume must be float32 [X, Y, Z], got ",
              volume_IJK.scalar_type(), " ", volume_IJK.sizes());
  double values = 1;  // of a volume that cannot be, too
  for (const int64_t size : volume_IJK.sizes()) {
    TORCH_CHECK(size < kAxisValues, "marching_cubes: volume must have less than 2^21 values an axis, got ", volume_IJK.sizes());
    values *= static_cast<double>(size);
  }
  TORCH_CHECK(values < static_cast<double>(kVolumeValues), "marching_cubes: volume must have less than 2^40 values, got ", volume_IJK.sizes());
  TORCH_CHECK(std::isfinite(static_cast<float>(level)), "marching_cubes: level must be a finite float32, got ", level);
  TORCH_CHECK(spacing.size() == 3 && origin.size() == 3, "marching_cubes: spacing and origin must be 3 numbers, got ", spacing, " and ", origin);
  TORCH_CHECK(inside == "above" || inside == "below", "marching_cubes: inside must be \"above\" or \"below\", got \"", inside, "\"");
  if (before_JK)
    TORCH_CHECK(before_JK->dim() == 2 && before_JK->scalar_type() == at::kFloat && before_JK->sizes() == volume_IJK.sizes().slice(1),
                "marching_cubes: before must be float32 ", volume_IJK.sizes().slice(1), ", a plane of the volume, got ", before_JK->scalar_type(),
                " ", before_JK->sizes());
  TORCH_CHECK(first_plane >= 0 && first_plane < kAxisValues, "marching_cubes: first_plane must lie in [0, 2^21), got ", first_plane);
  TORCH_CHECK(first_vertex >= 0 && first_vertex <= INT32_MAX, "marching_cubes: first_vertex must lie in [0, 2^31), got ", first_vertex);

  VolumeSlab slab{};
  VolumeGrid& grid = slab.grid;
  grid.planes = volume_IJK.size(0) + before_JK.has_value();
  grid.rows = volume_IJK.size(1);
  grid.values = volume_IJK.size(2);
  grid.level = static_cast<float>(level);
  grid.first_plane = first_plane;
  grid.first_vertex = static_cast<int32_t>(first_vertex);
  grid.more = more;
  for (int axis = 0; axis < 3; ++axis) {
    TORCH_CHECK(std::isfinite(spacing[axis]) && spacing[axis] > 0, "marching_cubes: spacing must be positive, got ", spacing);
    TORCH_CHECK(std::isfinite(origin[axis]), "marching_cubes: origin must be finite, got ", origin);
    grid.origin[axis] = origin[axis];
    grid.spacing[axis] = spacing[axis];
  }
  slab.above = inside == "above";
  // A single plane is the last slab's, whose cells the slab before has drawn; a volume of one plane has none.
  slab.empty = grid.rows < 2 || grid.values < 2 || grid.planes < 1 || (grid.planes < 2 && (more || first_plane == 0));
  return slab;
}

inline void check_vertex_count(int64_t end) {
  TORCH_CHECK(end <= INT32_MAX, "marching_cubes: the surface has ", end,
              " vertices, more than 2^31 - 1 that int32 can name; cut the volume in parts");
}

inline void check_face_count(int64_t count) {
  TORCH_CHECK(count < (int64_t{1} << 31) / 3, "marching_cubes: the surface has ", count, " faces, more than 2^31 / 3; cut the volume into slabs");
}

}  // namespace earthcraft
