// Colours of splats seen from cameras: real spherical harmonics of degree 0 or 1, in the sign and order of 3D Gaussian splatting files
//
//     max(0, 1/2 + C0 h0 - C1 y h1 + C1 z h2 - C1 x h3),   (x, y, z) the unit vector from the camera to the splat.
//
// Shapes:  means_M3, sh_MK3 (K = 1 or 4; h0 first) f32 or f64, viewmats_V44, ranges int [V, 2]   ->   colors_VM3, 0 for splats outside a view's range

#include "kernels/splat_sh.h"

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>
#include <optional>
#include <tuple>
#include <vector>

#include "autocast.h"
#include "splat_sh.h"

namespace earthcraft {
namespace {

using OptionalTensor = std::optional<at::Tensor>;

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
        add_shade_grads(h, k, d, g, of_h, of_mean);
      }
  });
}

at::Tensor splat_sh(const at::Tensor& means_M3, const at::Tensor& sh_MK3, const at::Tensor& viewmats_V44, const OptionalTensor& ranges_V2) {
  const ShViews views = read_sh("splat_sh", means_M3, sh_MK3, viewmats_V44, ranges_V2);
  const at::Tensor means = means_M3.contiguous(), sh = sh_MK3.contiguous(),
                   colors = at::zeros({viewmats_V44.size(0), means.size(0), 3}, means.options());
  means.scalar_type() == at::kFloat ? forward<float>(views, means, sh, colors) : forward<double>(views, means, sh, colors);
  return colors;
}

std::tuple<at::Tensor, at::Tensor> splat_sh_backward(const at::Tensor& grad_VM3, const at::Tensor& means_M3, const at::Tensor& sh_MK3,
                                                     const at::Tensor& viewmats_V44, const OptionalTensor& ranges_V2) {
  const ShViews views = read_sh("splat_sh_backward", means_M3, sh_MK3, viewmats_V44, ranges_V2);
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
