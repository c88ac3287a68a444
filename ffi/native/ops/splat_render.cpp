// Renders 2D Gaussian splats: colour (or any channels), alpha, depth, normal and depth distortion, with gradients.  The maths stands in
// kernels/splat.h.
//
// Splats are projected, sorted by the depth of their centres (equal depths by index) and listed for every 16 x 16 tile that their alpha can reach
// with at least 1/255, so that no image depends on the tiling.  In backward every tile writes a splat's gradients to a place of their own, and a
// splat sums its places tile by tile, view by view: equal bits at every thread count, no atomics.
//
// Shapes:  means [M, 3], quats [M, 4] (w, x, y, z; any length), scales [M, 2 or 3] (the third is ignored), opacities [M], colors [M, C] or [V, M, C],
//          viewmats [V, 4, 4], Ks [V, 3, 3], background [C] or [V, C], ranges int [V, 2]: the splats [begin, end) that each view sees
//   ->     color [V, C, H, W], alpha [V, H, W], depth [V, H, W] (mean z-depth of what is drawn, 0: nothing), median [V, H, W] (z-depth where half the
//          light is gone; no gradient), normal [V, 3, H, W] (world axes, towards the camera, weighted by alpha), distortion [V, H, W] (square metres:
//          the sum over pairs of splats of w_i w_j (z_i - z_j)^2), or [0] where it is not asked for

#include "splat_render.h"

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <torch/library.h>

#include <algorithm>
#include <vector>

#include "splat_bins.h"

namespace earthcraft {
namespace {

using OptionalTensor = std::optional<at::Tensor>;

// Calls f(i) for i in [0, count), dealt to the threads like cards: neighbouring tiles cost alike.
template <typename F>
void parallel_dealt(int64_t count, const F& f) {
  const int64_t hands = at::get_num_threads(), rounds = (count + hands - 1) / hands;
  at::parallel_for(0, rounds * hands, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t dealt = i % rounds * hands + i / rounds;
      if (dealt < count) f(dealt);
    }
  });
}

// color, alpha, depth, median, normal, then what backward wants: transmittance, last, on_screen, entries, starts, slots, distortion.
std::vector<at::Tensor> splat_forward(const at::Tensor& means, const at::Tensor& quats, const at::Tensor& scales, const at::Tensor& opacities,
                                      const at::Tensor& colors, const at::Tensor& viewmats, const at::Tensor& Ks, int64_t width, int64_t height,
                                      const OptionalTensor& background, const OptionalTensor& ranges, double near, double far, bool with_distortion) {
  const SplatScene scene =
      read_splats("splat_render", at::kFloat, means, quats, scales, opacities, colors, viewmats, Ks, width, height, background, ranges, near, far);
  const SplatBins bins = bin_splats(scene);
  const int64_t views = scene.views(), plane = width * height;
  const at::TensorOptions options = scene.means_M3.options();
  const at::Tensor color = at::empty({views, scene.channels, height, width}, options), normal = at::empty({views, 3, height, width}, options);
  const at::Tensor alpha = at::empty({views, height, width}, options), depth = at::empty_like(alpha), median = at::empty_like(alpha),
                   transmittance = at::empty_like(alpha);
  const at::Tensor last = at::empty({views, height, width}, options.dtype(at::kInt));
  const at::Tensor distortion = with_distortion ? at::empty_like(alpha) : at::empty({0}, options);
  const auto* on_screen = reinterpret_cast<const SplatOnScreen*>(bins.on_screen_R16.const_data_ptr<float>());
  const int32_t* entries = bins.entries_I.const_data_ptr<int32_t>();
  const int64_t* starts = bins.starts_T1.const_data_ptr<int64_t>();
  parallel_dealt(views * scene.tiles(), [&](int64_t i) {
    const int64_t v = i / scene.tiles();
    const SplatImages images{color.data_ptr<float>() + v * scene.channels * plane,
                             alpha.data_ptr<float>() + v * plane,
                             depth.data_ptr<float>() + v * plane,
                             median.data_ptr<float>() + v * plane,
                             normal.data_ptr<float>() + 3 * v * plane,
                             transmittance.data_ptr<float>() + v * plane,
                             last.data_ptr<int32_t>() + v * plane,
                             with_distortion ? distortion.data_ptr<float>() + v * plane : nullptr};
    EC_KERNEL(splat_forward_tile)(scene.tile(v, i % scene.tiles(), on_screen, entries, starts), images);
  });
  return {color, alpha, depth, median, normal, transmittance, last, bins.on_screen_R16, bins.entries_I, bins.starts_T1, bins.slots_R, distortion};
}

constexpr int64_t kGradFloats = int64_t{1} << 26;  // views share a buffer of gradients up to 256 MB

// Gradients of means, quats, scales, opacities, colors; `saved` is splat_forward's result without its images, before them alpha and depth.
std::vector<at::Tensor> splat_backward(const OptionalTensor& color_grad, const OptionalTensor& alpha_grad, const OptionalTensor& depth_grad,
                                       const OptionalTensor& normal_grad, const OptionalTensor& distortion_grad, const at::Tensor& means,
                                       const at::Tensor& quats, const at::Tensor& scales, const at::Tensor& opacities, const at::Tensor& colors,
                                       const at::Tensor& viewmats, const at::Tensor& Ks, int64_t width, int64_t height,
                                       const OptionalTensor& background, const OptionalTensor& ranges, double near, double far,
                                       at::TensorList saved) {
  const SplatScene scene = read_splats("splat_render_backward", at::kFloat, means, quats, scales, opacities, colors, viewmats, Ks, width, height,
                                       background, ranges, near, far);
  check_saved_splats(scene, distortion_grad, saved);
  const at::Tensor &depth = saved[0], &transmittance = saved[1], &last = saved[2], &on_screen_R16 = saved[3], &entries_I = saved[4],
                   &starts_T1 = saved[5], &slots_R = saved[6], &distortion = saved[7];
  const int64_t views = scene.views(), plane = width * height, channels = scene.channels, tiles = scene.tiles(), stride = kSplatGrads + channels;
  const at::Tensor of_color =
      color_grad && color_grad->defined() ? color_grad->contiguous() : at::zeros({views, channels, height, width}, scene.means_M3.options());
  const auto contiguous = [](const OptionalTensor& t) { return t && t->defined() ? t->contiguous() : at::Tensor(); };
  const at::Tensor of_alpha = contiguous(alpha_grad), of_depth = contiguous(depth_grad), of_normal = contiguous(normal_grad),
                   of_distortion = contiguous(distortion_grad);
  const auto plane_of = [&](const at::Tensor& t, int64_t offset) { return t.defined() ? t.const_data_ptr<float>() + offset : nullptr; };

  at::Tensor means_grad = at::zeros_like(scene.means_M3), quats_grad = at::zeros_like(scene.quats_M4), scales_grad = at::zeros_like(scene.scales_M);
  at::Tensor opacities_grad = at::zeros_like(scene.opacities_M), colors_grad = at::zeros_like(scene.colors);
  const SplatShapeGrads out{means_grad.data_ptr<float>(), quats_grad.data_ptr<float>(), scales_grad.data_ptr<float>(),
                            opacities_grad.data_ptr<float>()};
  auto* on_screen = reinterpret_cast<SplatOnScreen*>(on_screen_R16.data_ptr<float>());
  const int32_t* entries = entries_I.const_data_ptr<int32_t>();
  const int64_t* starts = starts_T1.const_data_ptr<int64_t>();
  const int64_t* slots = slots_R.const_data_ptr<int64_t>();
  std::vector<float> buffer;
  for (int64_t from = 0, to; from < views; from = to) {
    const int64_t base = starts[from * tiles];
    for (to = from + 1; to < views && (starts[(to + 1) * tiles] - base) * stride <= kGradFloats; ++to) {
    }
    buffer.resize((starts[to * tiles] - base) * stride);
    parallel_dealt((to - from) * tiles, [&](int64_t i) {
      const int64_t v = from + i / tiles;
      SplatImageGrads job{};
      job.color = of_color.const_data_ptr<float>() + v * channels * plane;
      job.alpha = plane_of(of_alpha, v * plane);
      job.depth = plane_of(of_depth, v * plane);
      job.normal = plane_of(of_normal, 3 * v * plane);
      job.distortion = plane_of(of_distortion, v * plane);
      job.images.depth = depth.data_ptr<float>() + v * plane;
      job.images.transmittance = transmittance.data_ptr<float>() + v * plane;
      job.images.last = last.data_ptr<int32_t>() + v * plane;
      if (job.distortion != nullptr) job.images.distortion = distortion.data_ptr<float>() + v * plane;
      job.slots = slots + scene.row[v];
      job.out = buffer.data() + (starts[v * tiles] - base) * stride;
      EC_KERNEL(splat_backward_tile)(scene.tile(v, i % tiles, on_screen, entries, starts), job);
    });
    at::parallel_for(0, scene.count, 1 << 8, [&](int64_t begin, int64_t end) {
      std::vector<float> sum(stride);
      for (int64_t v = from; v < to; ++v) {
        const SplatProjection job = scene.projection(v, nullptr);
        float* of_colors = colors_grad.data_ptr<float>() + (scene.colors_by_view ? v * scene.count * channels : 0);
        for (int64_t splat = std::max(begin, scene.first[v]); splat < std::min(end, scene.first[v] + scene.seen[v]); ++splat) {
          const int64_t row = scene.row[v] + splat - scene.first[v];
          const SplatOnScreen& s = on_screen[row];
          if (s.x1 < s.x0) continue;
          const float* part = buffer.data() + (starts[v * tiles] - base + slots[row]) * stride;
          const int64_t parts = static_cast<int64_t>(s.y1 / kSplatTile - s.y0 / kSplatTile + 1) * (s.x1 / kSplatTile - s.x0 / kSplatTile + 1);
          std::copy_n(part, stride, sum.begin());
          for (int64_t p = 1; p < parts; ++p)
            for (int64_t k = 0; k < stride; ++k) sum[k] += part[p * stride + k];
          EC_KERNEL(splat_project_backward)(job, splat, sum.data(), out);
          for (int64_t c = 0; c < channels; ++c) of_colors[splat * channels + c] += sum[kSplatGrads + c];
        }
      }
    });
  }
  return {means_grad, quats_grad, scales_grad, opacities_grad, colors_grad};
}

}  // namespace

#define EC_SPLAT_ARGUMENTS                                                                                                                  \
  "Tensor means, Tensor quats, Tensor scales, Tensor opacities, Tensor colors, Tensor viewmats, Tensor Ks, int width, int height, Tensor? " \
  "background=None, Tensor? ranges=None, float near=0.01, "                                                                                 \
  "float far=1e10, bool distortion=False"

TORCH_LIBRARY_FRAGMENT(earthcraft, m) {
  m.def("splat_render(" EC_SPLAT_ARGUMENTS ") -> (Tensor color, Tensor alpha, Tensor depth, Tensor median, Tensor normal, Tensor distortion)");
  m.def("splat_render_forward(" EC_SPLAT_ARGUMENTS ") -> Tensor[]");
  m.def(
      "splat_render_backward(Tensor? color_grad, Tensor? alpha_grad, Tensor? depth_grad, Tensor? normal_grad, Tensor? distortion_grad, Tensor means, "
      "Tensor quats, Tensor scales, Tensor opacities, Tensor colors, "
      "Tensor viewmats, Tensor Ks, int width, int height, Tensor? background, Tensor? ranges, float near, float far, Tensor[] saved) -> Tensor[]");
}
TORCH_LIBRARY_IMPL(earthcraft, CPU, m) {
  m.impl("splat_render_forward", &splat_forward);
  m.impl("splat_render_backward", &splat_backward);
}

}  // namespace earthcraft
