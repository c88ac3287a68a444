// splat_render in double, every pixel against every splat in depth order: the plain reference of its tests.  Forward only; finite differences of it
// are the reference of the gradients.

#define EC_VARIANT reference
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>
#include <torch/library.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>
#include <vector>

#include "kernels/splat_projection.h"
#include "splat_render.h"

namespace earthcraft {
namespace {

template <typename T>
struct Splat {
  reference::ProjectedDisc<T> disc;
  T opacity;
  int64_t index;
};

// One pixel: channels, alpha, depth, median, normal, and distortion pair by pair, as its definition has it, where `drawn` is there to keep what is
// drawn.  The ray-splat intersection is the paper's: the cross product of the two pixel planes in the splat's own coordinates, Eq. 8-10, from the
// rows of its 3 x 3 transform.
template <typename T>
void composite(const std::vector<Splat<T>>& splats, const T* colors, int64_t channels, const T* background, T px, T py, T near, T* color,
               T& alpha_out, T& depth_out, T& median, T normal[3], std::vector<std::pair<T, T>>* drawn, T& distortion) {
  T left = 1, depth_sum = 0, weight_sum = 0;
  std::fill_n(color, channels, T(0));
  median = normal[0] = normal[1] = normal[2] = distortion = 0;
  if (drawn != nullptr) drawn->clear();
  for (const Splat<T>& splat : splats) {
    const reference::ProjectedDisc<T>& d = splat.disc;
    const T row_x[3] = {d.a + d.centre[0] * d.w0, d.b + d.centre[0] * d.w1, d.centre[0] * d.depth};
    const T row_y[3] = {d.c + d.centre[1] * d.w0, d.d + d.centre[1] * d.w1, d.centre[1] * d.depth};
    const T row_z[3] = {d.w0, d.w1, d.depth};
    T h[3], v[3];
    for (int i = 0; i < 3; ++i) {
      h[i] = px * row_z[i] - row_x[i];
      v[i] = py * row_z[i] - row_y[i];
    }
    const T cross[3] = {h[1] * v[2] - h[2] * v[1], h[2] * v[0] - h[0] * v[2], h[0] * v[1] - h[1] * v[0]};
    const T u = cross[0] / cross[2], w = cross[1] / cross[2];
    const T on_disc = u * u + w * w, on_pixel = 2 * ((px - d.centre[0]) * (px - d.centre[0]) + (py - d.centre[1]) * (py - d.centre[1]));
    const bool disc_decides = on_disc <= on_pixel;
    const T alpha = std::min(T(kSplatAlphaMax), splat.opacity * std::exp(-(disc_decides ? on_disc : on_pixel) / 2));
    const T depth = disc_decides ? u * d.w0 + w * d.w1 + d.depth : d.depth;
    if (!(alpha >= T(kSplatAlphaMin)) || !(depth >= near)) continue;
    if (left * (1 - alpha) <= T(kSplatTransmittanceMin)) break;
    const T weight = left * alpha;
    for (int64_t c = 0; c < channels; ++c) color[c] += weight * colors[splat.index * channels + c];
    for (int i = 0; i < 3; ++i) normal[i] += weight * d.normal[i];
    depth_sum += weight * depth;
    weight_sum += weight;
    if (drawn != nullptr) {
      for (const auto& [other, its_depth] : *drawn) distortion += weight * other * (depth - its_depth) * (depth - its_depth);
      drawn->emplace_back(weight, depth);
    }
    if (left > T(0.5)) median = depth;
    left *= 1 - alpha;
  }
  if (background != nullptr)
    for (int64_t c = 0; c < channels; ++c) color[c] += left * background[c];
  alpha_out = 1 - left;
  depth_out = weight_sum > 0 ? depth_sum / weight_sum : 0;
}

std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor, at::Tensor, at::Tensor> splat_render_reference(
    const at::Tensor& means, const at::Tensor& quats, const at::Tensor& scales, const at::Tensor& opacities, const at::Tensor& colors,
    const at::Tensor& viewmats, const at::Tensor& Ks, int64_t width, int64_t height, const std::optional<at::Tensor>& background,
    const std::optional<at::Tensor>& ranges, double near, double far, bool with_distortion) {
  using T = double;
  const SplatScene scene = read_splats("splat_render_reference", at::kDouble, means, quats, scales, opacities, colors, viewmats, Ks, width, height,
                                       background, ranges, near, far);
  const int64_t views = scene.views(), channels = scene.channels, plane = width * height;
  const at::TensorOptions options = scene.means_M3.options();
  at::Tensor color = at::empty({views, channels, height, width}, options), normal = at::empty({views, 3, height, width}, options);
  at::Tensor alpha = at::empty({views, height, width}, options), depth = at::empty({views, height, width}, options),
             median = at::empty({views, height, width}, options), distortion = with_distortion ? at::empty_like(alpha) : at::empty({0}, options);
  const T *mean = scene.means_M3.const_data_ptr<T>(), *quat = scene.quats_M4.const_data_ptr<T>(), *scale = scene.scales_M.const_data_ptr<T>();
  for (int64_t v = 0; v < views; ++v) {
    const Camera& from = scene.cameras[v];
    reference::PinholeCamera<T> camera;
    std::copy_n(from.rotation, 9, camera.rotation);
    std::copy_n(from.translation, 3, camera.translation);
    camera.fx = from.fx, camera.fy = from.fy, camera.cx = from.cx, camera.cy = from.cy;
    std::vector<Splat<T>> splats;
    for (int64_t i = scene.first[v]; i < scene.first[v] + scene.seen[v]; ++i) {
      const reference::Frame<T> frame(mean + 3 * i, quat + 4 * i, scale + scene.scales_M.size(1) * i, camera);
      if (frame.length > 0 && std::isfinite(frame.length) && frame.centre[2] >= near && frame.centre[2] <= far)
        splats.push_back({frame.project(camera), scene.opacities_M.const_data_ptr<T>()[i], i});
    }
    std::stable_sort(splats.begin(), splats.end(), [](const Splat<T>& a, const Splat<T>& b) { return a.disc.depth < b.disc.depth; });
    const T* value = scene.colors.const_data_ptr<T>() + (scene.colors_by_view ? v * scene.count * channels : 0);
    const T* behind = scene.background_VC.defined() ? scene.background_VC.const_data_ptr<T>() + v * channels : nullptr;
    at::parallel_for(0, plane, 64, [&](int64_t begin, int64_t end) {
      std::vector<T> pixel(channels);
      std::vector<std::pair<T, T>> drawn;  // weight and depth
      for (int64_t p = begin; p < end; ++p) {
        T n[3], spread;
        composite<T>(splats, value, channels, behind, p % width + 0.5, p / width + 0.5, near, pixel.data(), alpha.data_ptr<T>()[v * plane + p],
                     depth.data_ptr<T>()[v * plane + p], median.data_ptr<T>()[v * plane + p], n, with_distortion ? &drawn : nullptr, spread);
        if (with_distortion) distortion.data_ptr<T>()[v * plane + p] = spread;
        for (int64_t c = 0; c < channels; ++c) color.data_ptr<T>()[(v * channels + c) * plane + p] = pixel[c];
        for (int k = 0; k < 3; ++k) normal.data_ptr<T>()[(v * 3 + k) * plane + p] = n[k];
      }
    });
  }
  return {color, alpha, depth, median, normal, distortion};
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(earthcraft, m) {
  m.def(
      "splat_render_reference(Tensor means, Tensor quats, Tensor scales, Tensor opacities, Tensor colors, Tensor viewmats, Tensor Ks, int width, int "
      "height, Tensor? background=None, Tensor? "
      "ranges=None, float near=0.01, float far=1e10, bool distortion=False) -> (Tensor color, Tensor alpha, Tensor depth, Tensor median, "
      "Tensor normal, Tensor distortion)");
}
TORCH_LIBRARY_IMPL(earthcraft, CPU, m) { m.impl("splat_render_reference", &splat_render_reference); }

}  // namespace earthcraft
