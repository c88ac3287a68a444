// Features of pictures on the voxels that pixels see first, and back: the projection of TexFM's conditions (EarthCrafter, "TexFM CondNet").
//
// A voxel takes the mean of what all pixels that see it read, a pixel takes what its voxel has. Each is the other's transpose, up to the mean, so one
// sums over a voxel's pixels, the other over a patch's, both in the order of views, rows and columns, whatever the number of threads. Sums are f32
// (f64 for f64).
//
// Shapes:  features_VChw, a vector for every patch × patch pixels: pixel (y, x) reads (min(h - 1, floor(y / patch)), min(w - 1, floor(x / patch)));
//          voxel_VHW i32 from voxel_cast, row of the voxel or −1   ->   feats_NC, 0 where no pixel sees the voxel; counts_N i32, pixels that do
//          feats_NC, voxel_VHW   ->   image_VCHW, 0 where the pixel sees none

#include "image_to_voxels.h"

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>
#include <tuple>
#include <vector>

namespace earthcraft {
namespace {

void check_rows(const char* op, const at::Tensor& voxel_VHW, int64_t voxels) {
  const int32_t* voxel = voxel_VHW.const_data_ptr<int32_t>();
  const int32_t* end = voxel + voxel_VHW.numel();
  const int64_t at = std::find_if(voxel, end, [&](int32_t row) { return row < -1 || row >= voxels; }) - voxel;
  if (at == voxel_VHW.numel()) return;
  const int64_t height = voxel_VHW.size(1), width = voxel_VHW.size(2);
  TORCH_CHECK_INDEX(false, op, ": voxel of view ", at / (height * width), ", row ", at / width % height, ", column ", at % width, " is ", voxel[at],
                    ", but there are ", voxels, " voxels");
}

std::vector<int32_t> columns_of(const PatchAxis& across) {
  std::vector<int32_t> column(across.pixels);
  for (int64_t x = 0; x < across.pixels; ++x) column[x] = static_cast<int32_t>(across.of(x));
  return column;
}

// So many rows of `values` values that a thread is worth waking.
int64_t row_grain(int64_t values) { return std::max<int64_t>(1, 32768 / std::max<int64_t>(1, values)); }

// The patches that a voxel's pixels read, pixel after pixel, stand at [end[row] - counts[row], end[row]).
struct Hits {
  std::vector<int32_t> patch, end;
};

// A stable counting sort. counts [voxels] are zero before.
Hits sort_hits(const PatchGrid& grid, const int32_t* voxel, int64_t voxels, int32_t* counts) {
  int32_t total = 0;
  for (int64_t p = 0; p < grid.pixels(); ++p)
    if (voxel[p] >= 0) ++counts[voxel[p]], ++total;
  Hits hits{std::vector<int32_t>(total), std::vector<int32_t>(voxels)};
  int32_t start = 0;
  for (int64_t row = 0; row < voxels; ++row) {
    hits.end[row] = start;
    start += counts[row];
  }
  const std::vector<int32_t> column = columns_of(grid.across);
  for (int64_t line = 0; line < grid.views * grid.down.pixels; ++line) {
    const int64_t view = line / grid.down.pixels;
    const int64_t first = (view * grid.down.patches + grid.down.of(line % grid.down.pixels)) * grid.across.patches;
    const int32_t* seen = voxel + line * grid.across.pixels;
    for (int64_t x = 0; x < grid.across.pixels; ++x)
      if (seen[x] >= 0) hits.patch[hits.end[seen[x]]++] = static_cast<int32_t>(first + column[x]);
  }
  return hits;
}

// `mean` false: the sum, which is the gradient of voxels_to_patches without counts
std::tuple<at::Tensor, at::Tensor> patches_to_voxels(const at::Tensor& features_VChw, const at::Tensor& voxel_VHW, int64_t voxels, double patch,
                                                     bool mean) {
  const PatchGrid grid = check_image_to_voxels(features_VChw, voxel_VHW, voxels, patch);
  const at::Tensor voxel = voxel_VHW.contiguous(), patches_PC = features_VChw.permute({0, 2, 3, 1}).contiguous();
  check_rows("image_to_voxels", voxel, voxels);
  const int64_t channels = features_VChw.size(1);
  at::Tensor counts_N = at::zeros({voxels}, voxel.options()), feats_NC = at::empty({voxels, channels}, features_VChw.options());
  const Hits hits = sort_hits(grid, voxel.const_data_ptr<int32_t>(), voxels, counts_N.data_ptr<int32_t>());
  const int32_t* counts = counts_N.const_data_ptr<int32_t>();
  AT_DISPATCH_FLOATING_TYPES_AND2(at::kBFloat16, at::kHalf, features_VChw.scalar_type(), "image_to_voxels", [&] {
    using sum_t = std::conditional_t<std::is_same_v<scalar_t, double>, double, float>;
    const scalar_t* from = patches_PC.const_data_ptr<scalar_t>();
    scalar_t* to = feats_NC.mutable_data_ptr<scalar_t>();
    at::parallel_for(0, voxels, row_grain(channels), [&](int64_t begin, int64_t end) {
      std::vector<sum_t> sums(channels);
      for (int64_t row = begin; row < end; ++row) {
        if (counts[row] == 0) {
          std::fill_n(to + row * channels, channels, scalar_t(0));
          continue;
        }
        std::fill(sums.begin(), sums.end(), sum_t(0));
        for (int32_t i = hits.end[row] - counts[row]; i < hits.end[row]; ++i) {
          const scalar_t* read = from + hits.patch[i] * channels;
          for (int64_t c = 0; c < channels; ++c) sums[c] += static_cast<sum_t>(read[c]);
        }
        const sum_t divisor = mean ? static_cast<sum_t>(counts[row]) : sum_t(1);
        for (int64_t c = 0; c < channels; ++c) to[row * channels + c] = static_cast<scalar_t>(sums[c] / divisor);
      }
    });
  });
  return {feats_NC, counts_N};
}

// Each patch sums what its pixels' voxels have, each divided by its count where there are counts: the gradient of patches_to_voxels' mean.
at::Tensor voxels_to_patches(const at::Tensor& feats_NC, const at::Tensor& voxel_VHW, const std::optional<at::Tensor>& counts_N, int64_t rows,
                             int64_t columns, double patch) {
  const PatchGrid grid = check_voxels_to_image(feats_NC, voxel_VHW, counts_N, rows, columns, patch);
  const at::Tensor voxel = voxel_VHW.contiguous(), feats = feats_NC.contiguous(), counted = counts_N ? counts_N->contiguous() : at::Tensor();
  check_rows("voxels_to_image", voxel, feats.size(0));
  const int64_t channels = feats.size(1), width = grid.across.pixels;
  at::Tensor image_VChw = at::empty({grid.views, channels, rows, columns}, feats.options());
  const int32_t* seen = voxel.const_data_ptr<int32_t>();
  const int32_t* counts = counted.defined() ? counted.const_data_ptr<int32_t>() : nullptr;
  const std::vector<int32_t> column = columns_of(grid.across);
  AT_DISPATCH_FLOATING_TYPES_AND2(at::kBFloat16, at::kHalf, feats.scalar_type(), "voxels_to_image", [&] {
    using sum_t = std::conditional_t<std::is_same_v<scalar_t, double>, double, float>;
    const scalar_t* from = feats.const_data_ptr<scalar_t>();
    scalar_t* to = image_VChw.mutable_data_ptr<scalar_t>();
    const int64_t pixels = std::max(columns, grid.down.pixels * width / std::max<int64_t>(1, rows));  // of a row of patches
    at::parallel_for(0, grid.views * rows, row_grain(pixels * channels), [&](int64_t begin, int64_t end) {
      std::vector<sum_t> sums(columns * channels);  // of one row of patches
      for (int64_t line = begin; line < end; ++line) {
        const int64_t view = line / rows, row = line % rows;
        std::fill(sums.begin(), sums.end(), sum_t(0));
        for (int64_t y = grid.down.first(row); y < grid.down.first(row + 1); ++y) {
          const int32_t* at = seen + (view * grid.down.pixels + y) * width;
          for (int64_t x = 0; x < width; ++x) {
            if (at[x] < 0) continue;
            const scalar_t* read = from + at[x] * channels;
            sum_t* sum = sums.data() + column[x] * channels;
            const sum_t divisor = counts ? static_cast<sum_t>(counts[at[x]]) : sum_t(1);
            for (int64_t c = 0; c < channels; ++c) sum[c] += static_cast<sum_t>(read[c]) / divisor;
          }
        }
        for (int64_t c = 0; c < channels; ++c)
          for (int64_t x = 0; x < columns; ++x)
            to[((view * channels + c) * rows + row) * columns + x] = static_cast<scalar_t>(sums[x * channels + c]);
      }
    });
  });
  return image_VChw;
}

std::tuple<at::Tensor, at::Tensor> call_to_voxels(const at::Tensor& features, const at::Tensor& voxel, int64_t voxels, double patch, bool mean) {
  static const auto op = c10::Dispatcher::singleton().findSchemaOrThrow("earthcraft::patches_to_voxels", "").typed<decltype(patches_to_voxels)>();
  return op.call(features, voxel, voxels, patch, mean);
}

at::Tensor call_to_patches(const at::Tensor& feats, const at::Tensor& voxel, const std::optional<at::Tensor>& counts, int64_t rows, int64_t columns,
                           double patch) {
  static const auto op = c10::Dispatcher::singleton().findSchemaOrThrow("earthcraft::voxels_to_patches", "").typed<decltype(voxels_to_patches)>();
  return op.call(feats, voxel, counts, rows, columns, patch);
}

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Each is the other's transpose: mean ↔ with counts, sum ↔ without.
struct PatchesToVoxels : torch::autograd::Function<PatchesToVoxels> {
  static variable_list forward(AutogradContext* ctx, const at::Tensor& features, const at::Tensor& voxel, int64_t voxels, double patch, bool mean) {
    const at::AutoDispatchBelowADInplaceOrView guard;
    const auto [feats, counts] = call_to_voxels(features, voxel, voxels, patch, mean);
    ctx->save_for_backward({voxel, counts});
    ctx->saved_data["rows"] = features.size(2);
    ctx->saved_data["columns"] = features.size(3);
    ctx->saved_data["patch"] = patch;
    ctx->saved_data["mean"] = mean;
    ctx->mark_non_differentiable({counts});
    return {feats, counts};
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const variable_list saved = ctx->get_saved_variables();
    variable_list result(5);
    result[0] = call_to_patches(grads[0], saved[0], ctx->saved_data["mean"].toBool() ? std::optional(saved[1]) : std::nullopt,
                                ctx->saved_data["rows"].toInt(), ctx->saved_data["columns"].toInt(), ctx->saved_data["patch"].toDouble());
    return result;
  }
};

struct VoxelsToPatches : torch::autograd::Function<VoxelsToPatches> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& feats, const at::Tensor& voxel, const std::optional<at::Tensor>& counts,
                            int64_t rows, int64_t columns, double patch) {
    const at::AutoDispatchBelowADInplaceOrView guard;
    const at::Tensor image = call_to_patches(feats, voxel, counts, rows, columns, patch);
    ctx->save_for_backward({voxel});
    ctx->saved_data["voxels"] = feats.size(0);
    ctx->saved_data["patch"] = patch;
    ctx->saved_data["mean"] = counts.has_value();
    return image;
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    variable_list result(6);
    result[0] = std::get<0>(call_to_voxels(grads[0], ctx->get_saved_variables()[0], ctx->saved_data["voxels"].toInt(),
                                           ctx->saved_data["patch"].toDouble(), ctx->saved_data["mean"].toBool()));
    return result;
  }
};

std::tuple<at::Tensor, at::Tensor> patches_to_voxels_autograd(const at::Tensor& features, const at::Tensor& voxel, int64_t voxels, double patch,
                                                              bool mean) {
  const variable_list out = PatchesToVoxels::apply(features, voxel, voxels, patch, mean);
  return {out[0], out[1]};
}

at::Tensor voxels_to_patches_autograd(const at::Tensor& feats, const at::Tensor& voxel, const std::optional<at::Tensor>& counts, int64_t rows,
                                      int64_t columns, double patch) {
  return VoxelsToPatches::apply(feats, voxel, counts, rows, columns, patch);
}

std::tuple<at::Tensor, at::Tensor> image_to_voxels(const at::Tensor& features, const at::Tensor& voxel, int64_t voxels, double patch) {
  return call_to_voxels(features, voxel, voxels, patch, true);
}

at::Tensor voxels_to_image(const at::Tensor& feats, const at::Tensor& voxel) {
  check_voxel_image("voxels_to_image", voxel);
  return call_to_patches(feats, voxel, std::nullopt, voxel.size(1), voxel.size(2), 1);
}

}  // namespace

// No autocast policy: features keep the type that they come in.
TORCH_LIBRARY_FRAGMENT(earthcraft, m) {
  m.def("image_to_voxels(Tensor features, Tensor voxel, int voxels, float patch=1) -> (Tensor feats, Tensor counts)");
  m.def("voxels_to_image(Tensor feats, Tensor voxel) -> Tensor");
  m.def("patches_to_voxels(Tensor features, Tensor voxel, int voxels, float patch, bool mean) -> (Tensor feats, Tensor counts)");
  m.def("voxels_to_patches(Tensor feats, Tensor voxel, Tensor? counts, int rows, int columns, float patch) -> Tensor");
}

TORCH_LIBRARY_IMPL(earthcraft, CPU, m) {
  m.impl("patches_to_voxels", &patches_to_voxels);
  m.impl("voxels_to_patches", &voxels_to_patches);
}
TORCH_LIBRARY_IMPL(earthcraft, CompositeImplicitAutograd, m) {
  m.impl("image_to_voxels", &image_to_voxels);
  m.impl("voxels_to_image", &voxels_to_image);
}
TORCH_LIBRARY_IMPL(earthcraft, Autograd, m) {
  m.impl("patches_to_voxels", &patches_to_voxels_autograd);
  m.impl("voxels_to_patches", &voxels_to_patches_autograd);
}

}  // namespace earthcraft
