// Colours of splats seen from cameras: real spherical harmonics of degree 0 or 1, in the sign and order of 3D Gaussian splatting files
//
//     max(0, 1/2 + C0 h0 - C1 y h1 + C1 z h2 - C1 x h3),   (x, y, z) the unit vector from the camera to the splat.
//
// Shapes:  means_M3, sh_MK3 (K = 1 or 4; h0 first) f32 or f64, viewmats_V44, ranges int [V, 2]   ->   colors_VM3, 0 for splats outside a view's range

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <tuple>
#include <vector>

#include "autocast.h"
#include "splat_render.h"

namespace earthcraft {
namespace {

using OptionalTensor = std::optional<at::Tensor>;

constexpr double kC0 = 0.28209479177387814, kC1 = 0.4886025119029199;

struct ShViews {
  std::vector<int64_t> first, seen;
  std::vector<double> centre;  // [V, 3]
};

ShViews check(const char* op, const at::Tensor& means_M3, const at::Tensor& sh_MK3, const at::Tensor& viewmats_V44, const OptionalTensor& ranges_V2) {
  TORCH_CHECK(means_M3.dim() == 2 && means_M3.size(1) == 3 && (means_M3.scalar_type() == at::kFloat || means_M3.scalar_type() == at::kDouble), op,
              ": means must be float32 [M, 3], got ", means_M3.scalar_type(), " ", means_M3.sizes());
  TORCH_CHECK(sh_MK3.dim() == 3 && sh_MK3.size(0) == means_M3.size(0) && (sh_MK3.size(1) == 1 || sh_MK3.size(1) == 4) && sh_MK3.size(2) == 3 &&
                  sh_MK3.scalar_type() == means_M3.scalar_type(),
              op, ": sh must be ", means_M3.scalar_type(), " [M, 1 or 4, 3] with M = ", means_M3.size(0), ", got ", sh_MK3.scalar_type(), " ",
              sh_MK3.sizes());
  TORCH_CHECK(viewmats_V44.dim() == 3, op, ": viewmats must be [V, 4, 4], got ", viewmats_V44.sizes());
  const int64_t views = viewmats_V44.size(0);
  ShViews out;
  for (const Camera& camera : read_cameras(op, viewmats_V44, at::eye(3, at::kDouble).expand({views, 3, 3}), "pinhole")) {
    out.centre.resize(out.centre.size() + 3);
    camera.centre(out.centre.data() + out.centre.size() - 3);
  }
  read_ranges(op, ranges_V2, views, means_M3.size(0), out.first, out.seen);
  return out;
}

template <typename T>
struct Direction {
  T unit[3], distance;
  Direction(const T* mean, const double* centre) {
    const T d[3] = {mean[0] - static_cast<T>(centre[0]), mean[1] - static_cast<T>(centre[1]), mean[2] - static_cast<T>(centre[2])};
    distance = std::sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
    for (int i = 0; i < 3; ++i) unit[i] = distance > 0 ? d[i] / distance : 0;
  }
};

template <typename T>
T shade(const T* h, int64_t k, const Direction<T>& d, int channel) {
  T value = T(0.5) + T(kC0) * h[channel];
  if (k == 4) value += T(kC1) * (d.unit[2] * h[6 + channel] - d.unit[1] * h[3 + channel] - d.unit[0] * h[9 + channel]);
  return value;
}

template <typename T>
void forward(const ShViews& views, const at::Tensor& means, const at::Tensor& sh, const at::Tensor& colors) {
  const int64_t m = means.size(0), k = sh.size(1);
  at::parallel_for(0, m, 1 << 10, [&](int64_t begin, int64_t end) {
    for (size_t v = 0; v < views.first.size(); ++v)
      for (int64_t i = std::max(begin, views.first[v]); i < std::min(end, views.first[v] + views.seen[v]); ++i) {
        const Direction<T> d(means.const_data_ptr<T>() + 3 * i, views.centre.data() + 3 * v);
        for (int c = 0; c < 3; ++c) colors.data_ptr<T>()[(v * m + i) * 3 + c] = std::max(T(0), shade(sh.const_data_ptr<T>() + 3 * k * i, k, d, c));
      }
  });
}

template <typename T>
void backward(const ShViews& views, const at::Tensor& grad, const at::Tensor& means, const at::Tensor& sh, const at::Tensor& means_grad,
              const at::Tensor& sh_grad) {
  const int64_t m = means.size(0), k = sh.size(1);
  at::parallel_for(0, m, 1 << 10, [&](int64_t begin, int64_t end) {
    for (size_t v = 0; v < views.first.size(); ++v)
      for (int64_t i = std::max(begin, views.first[v]); i < std::min(end, views.first[v] + views.seen[v]); ++i) {
        const Direction<T> d(means.const_data_ptr<T>() + 3 * i, views.centre.data() + 3 * v);
        const T *h = sh.const_data_ptr<T>() + 3 * k * i, *g = grad.const_data_ptr<T>() + (v * m + i) * 3;
        T *of_h = sh_grad.data_ptr<T>() + 3 * k * i, *of_mean = means_grad.data_ptr<T>() + 3 * i;
        T of_unit[3] = {0, 0, 0};
        for (int c = 0; c < 3; ++c) {
          if (!(shade(h, k, d, c) > 0)) continue;
          of_h[c] += T(kC0) * g[c];
          if (k == 1) continue;
          of_h[3 + c] -= T(kC1) * d.unit[1] * g[c];
          of_h[6 + c] += T(kC1) * d.unit[2] * g[c];
          of_h[9 + c] -= T(kC1) * d.unit[0] * g[c];
          of_unit[0] -= T(kC1) * h[9 + c] * g[c];
          of_unit[1] -= T(kC1) * h[3 + c] * g[c];
          of_unit[2] += T(kC1) * h[6 + c] * g[c];
        }
        if (k == 1 || !(d.distance > 0)) continue;
        const T along = of_unit[0] * d.unit[0] + of_unit[1] * d.unit[1] + of_unit[2] * d.unit[2];
        for (int axis = 0; axis < 3; ++axis) of_mean[axis] += (of_unit[axis] - along * d.unit[axis]) / d.distance;
      }
  });
}

at::Tensor splat_sh(const at::Tensor& means_M3, const at::Tensor& sh_MK3, const at::Tensor& viewmats_V44, const OptionalTensor& ranges_V2) {
  const ShViews views = check("splat_sh", means_M3, sh_MK3, viewmats_V44, ranges_V2);
  const at::Tensor means = means_M3.contiguous(), sh = sh_MK3.contiguous(),
                   colors = at::zeros({viewmats_V44.size(0), means.size(0), 3}, means.options());
  means.scalar_type() == at::kFloat ? forward<float>(views, means, sh, colors) : forward<double>(views, means, sh, colors);
  return colors;
}

std::tuple<at::Tensor, at::Tensor> splat_sh_backward(const at::Tensor& grad_VM3, const at::Tensor& means_M3, const at::Tensor& sh_MK3,
                                                     const at::Tensor& viewmats_V44, const OptionalTensor& ranges_V2) {
  const ShViews views = check("splat_sh_backward", means_M3, sh_MK3, viewmats_V44, ranges_V2);
  const at::Tensor grad = grad_VM3.contiguous(), means = means_M3.contiguous(), sh = sh_MK3.contiguous(), means_grad = at::zeros_like(means),
                   sh_grad = at::zeros_like(sh);
  means.scalar_type() == at::kFloat ? backward<float>(views, grad, means, sh, means_grad, sh_grad)
                                    : backward<double>(views, grad, means, sh, means_grad, sh_grad);
  return {means_grad, sh_grad};
}

struct SplatSh : torch::autograd::Function<SplatSh> {
  static at::Tensor forward(torch::autograd::AutogradContext* ctx, const at::Tensor& means, const at::Tensor& sh, const at::Tensor& viewmats,
                            const OptionalTensor& ranges) {
    static const auto op = c10::Dispatcher::singleton().findSchemaOrThrow("earthcraft::splat_sh", "").typed<decltype(splat_sh)>();
    at::AutoDispatchBelowADInplaceOrView below;
    ctx->save_for_backward({means, sh, viewmats, ranges.value_or(at::Tensor())});
    return op.call(means, sh, viewmats, ranges);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx, torch::autograd::variable_list grads) {
    TORCH_CHECK(!at::GradMode::is_enabled(), "splat_sh: its gradient cannot be differentiated again (create_graph)");
    static const auto op = c10::Dispatcher::singleton().findSchemaOrThrow("earthcraft::splat_sh_backward", "").typed<decltype(splat_sh_backward)>();
    const torch::autograd::variable_list s = ctx->get_saved_variables();
    const auto [means_grad, sh_grad] = op.call(grads[0], s[0], s[1], s[2], s[3].defined() ? OptionalTensor(s[3]) : std::nullopt);
    return {means_grad, sh_grad, at::Tensor(), at::Tensor()};
  }
};

at::Tensor splat_sh_autograd(const at::Tensor& means, const at::Tensor& sh, const at::Tensor& viewmats, const OptionalTensor& ranges) {
  return SplatSh::apply(means, sh, viewmats, ranges);
}

template <c10::DeviceType device>
at::Tensor splat_sh_autocast(const at::Tensor& means, const at::Tensor& sh, const at::Tensor& viewmats, const OptionalTensor& ranges) {
  static const auto op = c10::Dispatcher::singleton().findSchemaOrThrow("earthcraft::splat_sh", "").typed<decltype(splat_sh)>();
  const NoAutocast<device> off;
  return op.call(means.to(at::kFloat), sh.to(at::kFloat), viewmats, ranges);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(earthcraft, m) {
  m.def("splat_sh(Tensor means, Tensor sh, Tensor viewmats, Tensor? ranges=None) -> Tensor");
  m.def("splat_sh_backward(Tensor grad, Tensor means, Tensor sh, Tensor viewmats, Tensor? ranges=None) -> (Tensor means_grad, Tensor sh_grad)");
}
TORCH_LIBRARY_IMPL(earthcraft, CPU, m) {
  m.impl("splat_sh", &splat_sh);
  m.impl("splat_sh_backward", &splat_sh_backward);
}
TORCH_LIBRARY_IMPL(earthcraft, Autograd, m) { m.impl("splat_sh", &splat_sh_autograd); }
TORCH_LIBRARY_IMPL(earthcraft, AutocastCPU, m) { m.impl("splat_sh", &splat_sh_autocast<c10::DeviceType::CPU>); }
TORCH_LIBRARY_IMPL(earthcraft, AutocastCUDA, m) { m.impl("splat_sh", &splat_sh_autocast<c10::DeviceType::CUDA>); }

}  // namespace earthcraft
