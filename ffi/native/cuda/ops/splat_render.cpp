// splat_render on CUDA.  What is drawn, in which order, and what backward keeps are as in ops/splat_render.cpp, but that `slots` counts the pairs of
// all views together.

#include "ops/splat_render.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <torch/library.h>

#include <vector>

#include "cuda/splat_render.h"
#include "launch.h"
#include "sort.h"

namespace earthcraft {
namespace {

using OptionalTensor = std::optional<at::Tensor>;

SplatScene read_scene(const char* op, const at::Tensor& means, const at::Tensor& quats, const at::Tensor& scales, const at::Tensor& opacities,
                      const at::Tensor& colors, const at::Tensor& viewmats, const at::Tensor& Ks, int64_t width, int64_t height,
                      const OptionalTensor& background, const OptionalTensor& ranges, double near, double far) {
  TORCH_CHECK(means.is_cuda(), op, ": means lies on ", means.device(), ", another tensor on a GPU");
  check_device(
      op, means,
      {{"quats", quats}, {"scales", scales}, {"opacities", opacities}, {"colors", colors}, {"background", background.value_or(at::Tensor())}});
  SplatScene scene = read_splats(op, at::kFloat, means, quats, scales, opacities, colors, viewmats, Ks, width, height, background, ranges, near, far);
  TORCH_CHECK(scene.views() * scene.tiles() < INT32_MAX, op, ": ", scene.views(), " views of ", width, " x ", height, " pixels are too many at once");
  return scene;
}

// int64 [V, 2]: a view's first row among all views' rows, and among those of colors.
at::Tensor view_rows(const SplatScene& scene) {
  at::Tensor rows = at::empty({scene.views(), 2}, at::TensorOptions().dtype(at::kLong));
  for (int64_t v = 0; v < scene.views(); ++v) {
    rows.data_ptr<int64_t>()[2 * v] = scene.row[v];
    rows.data_ptr<int64_t>()[2 * v + 1] = (scene.colors_by_view ? v * scene.count : 0) + scene.first[v];
  }
  return rows.to(scene.means_M3.device(), at::kLong, /*non_blocking=*/true);
}

struct Bins {
  at::Tensor on_screen_R16, entries_P, starts_T1, slots_R1;
};

SplatOnScreen* on_screen(const at::Tensor& on_screen_R16) { return reinterpret_cast<SplatOnScreen*>(on_screen_R16.data_ptr<float>()); }

Bins bin_splats(const SplatScene& scene, cudaStream_t stream) {
  const int64_t views = scene.views(), tiles = scene.tiles(), rows = scene.row[views];
  Bins bins;
  bins.on_screen_R16 = at::empty({rows, 16}, scene.means_M3.options());
  at::Tensor tile_counts = at::empty({rows + 1}, scene.means_M3.options().dtype(at::kLong));
  tile_counts.narrow(0, rows, 1).zero_();
  for (int64_t v = 0; v < views; ++v)
    gpu::splat_project(scene.projection(v, on_screen(bins.on_screen_R16) + scene.row[v]), scene.seen[v],
                       tile_counts.data_ptr<int64_t>() + scene.row[v], stream);
  bins.slots_R1 = exclusive_sums(tile_counts, stream);
  const int64_t pairs = bins.slots_R1.narrow(0, rows, 1).item<int64_t>();
  const at::Tensor keys = at::empty({pairs}, tile_counts.options()), values = at::empty({pairs}, tile_counts.options().dtype(at::kInt));
  for (int64_t v = 0; v < views; ++v)
    gpu::splat_list_pairs(on_screen(bins.on_screen_R16) + scene.row[v], scene.seen[v], bins.slots_R1.const_data_ptr<int64_t>() + scene.row[v],
                          v * tiles, scene.tiles_across(), reinterpret_cast<uint64_t*>(keys.data_ptr<int64_t>()), values.data_ptr<int32_t>(), stream);
  const auto [sorted_keys, entries] = sort_pairs(keys, values, 32 + gpu::bits_of(views * tiles), stream);
  bins.entries_P = entries;
  bins.starts_T1 = segment_starts(sorted_keys, 32, views * tiles, stream);
  return bins;
}

gpu::SplatRaster raster_of(const SplatScene& scene, const at::Tensor& on_screen_R16, const at::Tensor& entries_P, const at::Tensor& starts_T1,
                           const at::Tensor& view_rows_V2) {
  gpu::SplatRaster raster{};
  raster.on_screen = on_screen(on_screen_R16);
  raster.channels = scene.colors.const_data_ptr<float>();
  raster.background = scene.background_VC.defined() ? scene.background_VC.const_data_ptr<float>() : nullptr;
  raster.entries = entries_P.const_data_ptr<int32_t>();
  raster.starts = starts_T1.const_data_ptr<int64_t>();
  raster.view_rows = view_rows_V2.const_data_ptr<int64_t>();
  raster.tile_count = scene.tiles();
  raster.channel_count = scene.channels;
  raster.tiles_across = scene.tiles_across();
  raster.width = scene.width;
  raster.height = scene.height;
  raster.near = scene.near;
  return raster;
}

std::vector<at::Tensor> splat_forward(const at::Tensor& means, const at::Tensor& quats, const at::Tensor& scales, const at::Tensor& opacities,
                                      const at::Tensor& colors, const at::Tensor& viewmats, const at::Tensor& Ks, int64_t width, int64_t height,
                                      const OptionalTensor& background, const OptionalTensor& ranges, double near, double far, bool with_distortion) {
  const SplatScene scene =
      read_scene("splat_render", means, quats, scales, opacities, colors, viewmats, Ks, width, height, background, ranges, near, far);
  const OnDevice on(means);
  const Bins bins = bin_splats(scene, on.stream());
  const int64_t views = scene.views();
  const at::TensorOptions options = scene.means_M3.options();
  const at::Tensor color = at::empty({views, scene.channels, height, width}, options), normal = at::empty({views, 3, height, width}, options);
  const at::Tensor alpha = at::empty({views, height, width}, options), depth = at::empty_like(alpha), median = at::empty_like(alpha),
                   transmittance = at::empty_like(alpha);
  const at::Tensor last = at::empty({views, height, width}, options.dtype(at::kInt)), rows = view_rows(scene);
  const at::Tensor distortion = with_distortion ? at::empty_like(alpha) : at::empty({0}, options);
  const SplatImages images{
      color.data_ptr<float>(),  alpha.data_ptr<float>(),         depth.data_ptr<float>(),  median.data_ptr<float>(),
      normal.data_ptr<float>(), transmittance.data_ptr<float>(), last.data_ptr<int32_t>(), with_distortion ? distortion.data_ptr<float>() : nullptr};
  gpu::splat_forward(raster_of(scene, bins.on_screen_R16, bins.entries_P, bins.starts_T1, rows), views, images, on.stream());
  on.launched();
  return {color, alpha, depth, median, normal, transmittance, last, bins.on_screen_R16, bins.entries_P, bins.starts_T1, bins.slots_R1, distortion};
}

constexpr int64_t kGradFloats = int64_t{1} << 28;  // views share a buffer of pairs' gradients up to 1 GB

std::vector<at::Tensor> splat_backward(const OptionalTensor& color_grad, const OptionalTensor& alpha_grad, const OptionalTensor& depth_grad,
                                       const OptionalTensor& normal_grad, const OptionalTensor& distortion_grad, const at::Tensor& means,
                                       const at::Tensor& quats, const at::Tensor& scales, const at::Tensor& opacities, const at::Tensor& colors,
                                       const at::Tensor& viewmats, const at::Tensor& Ks, int64_t width, int64_t height,
                                       const OptionalTensor& background, const OptionalTensor& ranges, double near, double far,
                                       at::TensorList saved) {
  const SplatScene scene =
      read_scene("splat_render_backward", means, quats, scales, opacities, colors, viewmats, Ks, width, height, background, ranges, near, far);
  check_saved_splats(scene, distortion_grad, saved);
  const at::Tensor &depth = saved[0], &transmittance = saved[1], &last = saved[2], &on_screen_R16 = saved[3], &entries_P = saved[4],
                   &starts_T1 = saved[5], &slots_R1 = saved[6], &distortion = saved[7];
  const OnDevice on(means);
  const int64_t views = scene.views(), channels = scene.channels, tiles = scene.tiles(), stride = kSplatGrads + channels;
  const auto contiguous = [](const OptionalTensor& t) { return t && t->defined() ? t->contiguous() : at::Tensor(); };
  const auto pointer = [](const at::Tensor& t) { return t.defined() ? t.const_data_ptr<float>() : nullptr; };
  const at::Tensor of_alpha = contiguous(alpha_grad), of_depth = contiguous(depth_grad), of_normal = contiguous(normal_grad),
                   of_distortion = contiguous(distortion_grad);
  at::Tensor of_color = contiguous(color_grad);
  if (!of_color.defined()) of_color = at::zeros({views, channels, height, width}, scene.means_M3.options());

  at::Tensor means_grad = at::zeros_like(scene.means_M3), quats_grad = at::zeros_like(scene.quats_M4), scales_grad = at::zeros_like(scene.scales_M);
  at::Tensor opacities_grad = at::zeros_like(scene.opacities_M), colors_grad = at::zeros_like(scene.colors);
  const SplatShapeGrads out{means_grad.data_ptr<float>(), quats_grad.data_ptr<float>(), scales_grad.data_ptr<float>(),
                            opacities_grad.data_ptr<float>()};
  const at::Tensor rows = view_rows(scene);
  const gpu::SplatRaster raster = raster_of(scene, on_screen_R16, entries_P, starts_T1, rows);
  const at::Tensor first_pairs_V1 = starts_T1.slice(0, 0, std::nullopt, tiles).to(at::kCPU).contiguous();
  const int64_t* first_pair = first_pairs_V1.const_data_ptr<int64_t>();
  for (int64_t from = 0, to; from < views; from = to) {
    const int64_t base = first_pair[from];
    for (to = from + 1; to < views && (first_pair[to + 1] - base) * stride <= kGradFloats; ++to) {
    }
    // Pairs that were not drawn stay 0.
    const at::Tensor pair_grads = at::zeros({first_pair[to] - base, stride}, scene.means_M3.options());
    SplatImageGrads job{};
    job.color = pointer(of_color);
    job.alpha = pointer(of_alpha);
    job.depth = pointer(of_depth);
    job.normal = pointer(of_normal);
    job.distortion = pointer(of_distortion);
    job.images.depth = depth.data_ptr<float>();
    job.images.transmittance = transmittance.data_ptr<float>();
    job.images.last = last.data_ptr<int32_t>();
    if (job.distortion != nullptr) job.images.distortion = distortion.data_ptr<float>();
    job.slots = slots_R1.const_data_ptr<int64_t>();
    job.out = pair_grads.data_ptr<float>();
    gpu::splat_backward(raster, from, to - from, job, base, on.stream());
    for (int64_t v = from; v < to; ++v) {
      const gpu::SplatPairs pairs{on_screen(on_screen_R16) + scene.row[v],
                                  slots_R1.const_data_ptr<int64_t>() + scene.row[v],
                                  job.out,
                                  base,
                                  scene.seen[v],
                                  static_cast<int>(channels)};
      float* of_colors = colors_grad.data_ptr<float>() + ((scene.colors_by_view ? v * scene.count : 0) + scene.first[v]) * channels;
      gpu::splat_sum_pairs(pairs, scene.projection(v, nullptr), out, of_colors, on.stream());
    }
  }
  on.launched();
  return {means_grad, quats_grad, scales_grad, opacities_grad, colors_grad};
}

}  // namespace

TORCH_LIBRARY_IMPL(earthcraft, CUDA, m) {
  m.impl("splat_render_forward", &splat_forward);
  m.impl("splat_render_backward", &splat_backward);
}

}  // namespace earthcraft
