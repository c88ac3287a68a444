// Structural similarity of two batches of images, with gradients to both; the maths stands in kernels/ssim.h.
//
// Shapes:  x_BCHW, y_BCHW f32 (or f64, for tests) in [0, 1]   ->   map_BCHW, 1 where they agree

#include "kernels/ssim.h"

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <tuple>
#include <vector>

#include "autocast.h"
#include "ssim.h"

namespace earthcraft {
namespace {

// Calls run(plane) for every image and channel with the pointers of x and y set.
template <typename T, typename Run>
void each_plane(const at::Tensor& x, const at::Tensor& y, const Run& run) {
  const int64_t height = x.size(2), width = x.size(3), plane = height * width;
  at::parallel_for(0, x.size(0) * x.size(1), 1, [&](int64_t begin, int64_t end) {
    std::vector<T> scratch(ssim_scratch(height, width));
    for (int64_t i = begin; i < end; ++i) {
      SsimPlane<T> job{};
      job.x = x.const_data_ptr<T>() + i * plane;
      job.y = y.const_data_ptr<T>() + i * plane;
      job.height = height;
      job.width = width;
      job.scratch = scratch.data();
      run(job, i * plane);
    }
  });
}

template <typename T>
void forward(void (*kernel)(const SsimPlane<T>&), const at::Tensor& x, const at::Tensor& y, const at::Tensor& map) {
  each_plane<T>(x, y, [&](SsimPlane<T>& job, int64_t offset) {
    job.map = map.data_ptr<T>() + offset;
    kernel(job);
  });
}

template <typename T>
void backward(void (*kernel)(const SsimPlane<T>&), const at::Tensor& grad, const at::Tensor& x, const at::Tensor& y, const at::Tensor& x_grad,
              const at::Tensor& y_grad) {
  each_plane<T>(x, y, [&](SsimPlane<T>& job, int64_t offset) {
    job.grad = grad.const_data_ptr<T>() + offset;
    job.x_grad = x_grad.data_ptr<T>() + offset;
    job.y_grad = y_grad.data_ptr<T>() + offset;
    kernel(job);
  });
}

at::Tensor ssim(const at::Tensor& x_BCHW, const at::Tensor& y_BCHW) {
  check_ssim("ssim", x_BCHW, y_BCHW);
  const at::Tensor x = x_BCHW.contiguous(), y = y_BCHW.contiguous(), map = at::empty_like(x);
  x.scalar_type() == at::kFloat ? forward<float>(EC_KERNEL(ssim_forward_f32), x, y, map) : forward<double>(EC_KERNEL(ssim_forward_f64), x, y, map);
  return map;
}

std::tuple<at::Tensor, at::Tensor> ssim_backward(const at::Tensor& grad_BCHW, const at::Tensor& x_BCHW, const at::Tensor& y_BCHW) {
  check_ssim("ssim_backward", x_BCHW, y_BCHW);
  check_ssim("ssim_backward", x_BCHW, grad_BCHW);
  const at::Tensor grad = grad_BCHW.contiguous(), x = x_BCHW.contiguous(), y = y_BCHW.contiguous(), x_grad = at::empty_like(x),
                   y_grad = at::empty_like(x);
  x.scalar_type() == at::kFloat ? backward<float>(EC_KERNEL(ssim_backward_f32), grad, x, y, x_grad, y_grad)
                                : backward<double>(EC_KERNEL(ssim_backward_f64), grad, x, y, x_grad, y_grad);
  return {x_grad, y_grad};
}

struct Ssim : torch::autograd::Function<Ssim> {
  static at::Tensor forward(torch::autograd::AutogradContext* ctx, const at::Tensor& x, const at::Tensor& y) {
    static const auto op = c10::Dispatcher::singleton().findSchemaOrThrow("earthcraft::ssim", "").typed<decltype(ssim)>();
    at::AutoDispatchBelowADInplaceOrView below;
    ctx->save_for_backward({x, y});
    return op.call(x, y);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx, torch::autograd::variable_list grads) {
    TORCH_CHECK(!at::GradMode::is_enabled(), "ssim: its gradient cannot be differentiated again (create_graph)");
    static const auto op = c10::Dispatcher::singleton().findSchemaOrThrow("earthcraft::ssim_backward", "").typed<decltype(ssim_backward)>();
    const torch::autograd::variable_list saved = ctx->get_saved_variables();
    const auto [x_grad, y_grad] = op.call(grads[0], saved[0], saved[1]);
    return {x_grad, y_grad};
  }
};

at::Tensor ssim_autograd(const at::Tensor& x, const at::Tensor& y) { return Ssim::apply(x, y); }

template <c10::DeviceType device>
at::Tensor ssim_autocast(const at::Tensor& x, const at::Tensor& y) {
  static const auto op = c10::Dispatcher::singleton().findSchemaOrThrow("earthcraft::ssim", "").typed<decltype(ssim)>();
  const NoAutocast<device> off;
  return op.call(at_least_f32(x), at_least_f32(y));
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(earthcraft, m) {
  m.def("ssim(Tensor x, Tensor y) -> Tensor");
  m.def("ssim_backward(Tensor grad, Tensor x, Tensor y) -> (Tensor x_grad, Tensor y_grad)");
}
TORCH_LIBRARY_IMPL(earthcraft, CPU, m) {
  m.impl("ssim", &ssim);
  m.impl("ssim_backward", &ssim_backward);
}
TORCH_LIBRARY_IMPL(earthcraft, Autograd, m) { m.impl("ssim", &ssim_autograd); }
TORCH_LIBRARY_IMPL(earthcraft, AutocastCPU, m) { m.impl("ssim", &ssim_autocast<c10::DeviceType::CPU>); }
TORCH_LIBRARY_IMPL(earthcraft, AutocastCUDA, m) { m.impl("ssim", &ssim_autocast<c10::DeviceType::CUDA>); }

}  // namespace earthcraft
