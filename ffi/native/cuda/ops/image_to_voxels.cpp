// The twins of ops/image_to_voxels.cpp on a GPU, with the same bits. Rows that are no voxel's count as none: an error would wait for the GPU.

#include "ops/image_to_voxels.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <optional>
#include <tuple>

#include "cuda/image_to_voxels.h"
#include "element.h"
#include "launch.h"
#include "sort.h"

namespace earthcraft {
namespace {

std::tuple<at::Tensor, at::Tensor> patches_to_voxels(const at::Tensor& features_VChw, const at::Tensor& voxel_VHW, int64_t voxels, double patch,
                                                     bool mean) {
  const PatchGrid grid = check_image_to_voxels(features_VChw, voxel_VHW, voxels, patch);
  check_device("image_to_voxels", features_VChw, {{"voxel", voxel_VHW}});
  const OnDevice on(features_VChw);
  const at::Tensor voxel = voxel_VHW.contiguous(), patches_PC = features_VChw.permute({0, 2, 3, 1}).contiguous();
  const int64_t channels = features_VChw.size(1);
  const at::Tensor keys = at::empty({grid.pixels()}, voxel.options().dtype(at::kLong)), patch_of = at::empty({grid.pixels()}, voxel.options());
  gpu::list_pixels(voxel.const_data_ptr<int32_t>(), grid, voxels, reinterpret_cast<uint64_t*>(keys.data_ptr<int64_t>()), patch_of.data_ptr<int32_t>(),
                   on.stream());
  on.launched();
  const auto [rows, patches] = sort_pairs(keys, patch_of, gpu::bits_of(voxels + 1), on.stream());
  const at::Tensor starts = segment_starts(rows, 0, voxels, on.stream());
  at::Tensor feats_NC = at::empty({voxels, channels}, features_VChw.options()), counts_N = at::empty({voxels}, voxel.options());
  gpu::sum_pixels(gpu::element_of("image_to_voxels", features_VChw), patches_PC.const_data_ptr(), starts.const_data_ptr<int64_t>(),
                  patches.const_data_ptr<int32_t>(), voxels, channels, mean, feats_NC.mutable_data_ptr(), counts_N.data_ptr<int32_t>(), on.stream());
  on.launched();
  return {feats_NC, counts_N};
}

at::Tensor voxels_to_patches(const at::Tensor& feats_NC, const at::Tensor& voxel_VHW, const std::optional<at::Tensor>& counts_N, int64_t rows,
                             int64_t columns, double patch) {
  const PatchGrid grid = check_voxels_to_image(feats_NC, voxel_VHW, counts_N, rows, columns, patch);
  check_device("voxels_to_image", feats_NC, {{"voxel", voxel_VHW}, {"counts", counts_N.value_or(at::Tensor())}});
  const OnDevice on(feats_NC);
  const at::Tensor voxel = voxel_VHW.contiguous(), feats = feats_NC.contiguous(), counts = counts_N ? counts_N->contiguous() : at::Tensor();
  const at::Tensor image_VhwC = at::empty({grid.views, rows, columns, feats.size(1)}, feats.options());
  gpu::sum_patches(gpu::element_of("voxels_to_image", feats), feats.const_data_ptr(), voxel.const_data_ptr<int32_t>(),
                   counts.defined() ? counts.const_data_ptr<int32_t>() : nullptr, feats.size(0), grid, feats.size(1), image_VhwC.mutable_data_ptr(),
                   on.stream());
  on.launched();
  return image_VhwC.permute({0, 3, 1, 2}).contiguous();
}

}  // namespace

TORCH_LIBRARY_IMPL(earthcraft, CUDA, m) {
  m.impl("patches_to_voxels", &patches_to_voxels);
  m.impl("voxels_to_patches", &voxels_to_patches);
}

}  // namespace earthcraft
