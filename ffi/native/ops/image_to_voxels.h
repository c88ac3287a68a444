// What projecting features between pictures and voxels asks of its arguments on every device: shapes, types and ranges.
#pragma once

#include <ATen/core/Tensor.h>

#include <cmath>
#include <optional>

#include "kernels/patch_pixels.h"

namespace earthcraft {

inline PatchGrid checked_grid(const char* op, const at::Tensor& voxel_VHW, int64_t rows, int64_t columns, double patch) {
  TORCH_CHECK(std::isfinite(patch) && patch > 0, op, ": patch must be a positive number of pixels, got ", patch);
  const PatchGrid grid{voxel_VHW.size(0), {voxel_VHW.size(1), rows, patch}, {voxel_VHW.size(2), columns, patch}};
  TORCH_CHECK(grid.pixels() < INT32_MAX, op, ": voxel must have fewer than 2^31 - 1 pixels, got ", voxel_VHW.sizes());
  return grid;
}

inline void check_voxel_image(const char* op, const at::Tensor& voxel_VHW) {
  TORCH_CHECK(voxel_VHW.dim() == 3 && voxel_VHW.scalar_type() == at::kInt, op, ": voxel must be int32 [V, H, W], got ", voxel_VHW.scalar_type(), " ",
              voxel_VHW.sizes());
}

inline PatchGrid check_image_to_voxels(const at::Tensor& features_VChw, const at::Tensor& voxel_VHW, int64_t voxels, double patch) {
  constexpr const char* op = "image_to_voxels";
  check_voxel_image(op, voxel_VHW);
  TORCH_CHECK(features_VChw.dim() == 4 && at::isFloatingType(features_VChw.scalar_type()) && features_VChw.size(0) == voxel_VHW.size(0), op,
              ": features must be floating point [V, C, h, w] with V = ", voxel_VHW.size(0), " as voxel, got ", features_VChw.scalar_type(), " ",
              features_VChw.sizes());
  const int64_t rows = features_VChw.size(2), columns = features_VChw.size(3);
  TORCH_CHECK(voxel_VHW.numel() == 0 || (rows > 0 && columns > 0), op, ": features must have a patch for the pixels to read, got ",
              features_VChw.sizes());
  TORCH_CHECK(voxels >= 0 && voxels < INT32_MAX, op, ": voxels must lie in [0, 2^31 - 1), got ", voxels);
  const PatchGrid grid = checked_grid(op, voxel_VHW, rows, columns, patch);
  TORCH_CHECK(grid.patches() < INT32_MAX, op, ": features must have fewer than 2^31 - 1 patches, got ", features_VChw.sizes());
  return grid;
}

inline PatchGrid check_voxels_to_image(const at::Tensor& feats_NC, const at::Tensor& voxel_VHW, const std::optional<at::Tensor>& counts_N,
                                       int64_t rows, int64_t columns, double patch) {
  constexpr const char* op = "voxels_to_image";
  check_voxel_image(op, voxel_VHW);
  TORCH_CHECK(feats_NC.dim() == 2 && at::isFloatingType(feats_NC.scalar_type()), op, ": feats must be floating point [N, C], got ",
              feats_NC.scalar_type(), " ", feats_NC.sizes());
  if (counts_N)
    TORCH_CHECK(counts_N->dim() == 1 && counts_N->size(0) == feats_NC.size(0) && counts_N->scalar_type() == at::kInt, op, ": counts must be int32 [",
                feats_NC.size(0), "], got ", counts_N->scalar_type(), " ", counts_N->sizes());
  TORCH_CHECK(rows >= 0 && columns >= 0 && (voxel_VHW.numel() == 0 || (rows > 0 && columns > 0)), op,
              ": rows and columns must be whole numbers of patches, got ", rows, " and ", columns);
  return checked_grid(op, voxel_VHW, rows, columns, patch);
}

}  // namespace earthcraft
