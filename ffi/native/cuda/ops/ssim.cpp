// ssim on CUDA: see ops/ssim.cpp.

#include "ops/ssim.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/library.h>

#include <tuple>

#include "cuda/ssim.h"
#include "launch.h"

namespace earthcraft {
namespace {

at::Tensor ssim(const at::Tensor& x_BCHW, const at::Tensor& y_BCHW) {
  check_ssim("ssim", x_BCHW, y_BCHW);
  check_device("ssim", x_BCHW, {{"y", y_BCHW}});
  const OnDevice on(x_BCHW);
  const at::Tensor x = x_BCHW.contiguous(), y = y_BCHW.contiguous();
  at::Tensor map = at::empty_like(x);
  const auto run = [&](auto zero) {
    using T = decltype(zero);
    gpu::ssim(x.const_data_ptr<T>(), y.const_data_ptr<T>(), x.size(0) * x.size(1), x.size(2), x.size(3), map.data_ptr<T>(), on.stream());
  };
  x.scalar_type() == at::kFloat ? run(0.0f) : run(0.0);
  on.launched();
  return map;
}

std::tuple<at::Tensor, at::Tensor> ssim_backward(const at::Tensor& grad_BCHW, const at::Tensor& x_BCHW, const at::Tensor& y_BCHW) {
  check_ssim("ssim_backward", x_BCHW, y_BCHW);
  check_ssim("ssim_backward", x_BCHW, grad_BCHW);
  check_device("ssim_backward", x_BCHW, {{"grad", grad_BCHW}, {"y", y_BCHW}});
  const OnDevice on(x_BCHW);
  const at::Tensor grad = grad_BCHW.contiguous(), x = x_BCHW.contiguous(), y = y_BCHW.contiguous();
  at::Tensor x_grad = at::empty_like(x), y_grad = at::empty_like(x);
  const at::Tensor moment_grads = at::empty({4, x.numel()}, x.options());
  const auto run = [&](auto zero) {
    using T = decltype(zero);
    gpu::ssim_backward(grad.const_data_ptr<T>(), x.const_data_ptr<T>(), y.const_data_ptr<T>(), x.size(0) * x.size(1), x.size(2), x.size(3),
                       moment_grads.data_ptr<T>(), x_grad.data_ptr<T>(), y_grad.data_ptr<T>(), on.stream());
  };
  x.scalar_type() == at::kFloat ? run(0.0f) : run(0.0);
  on.launched();
  return {x_grad, y_grad};
}

}  // namespace

TORCH_LIBRARY_IMPL(earthcraft, CUDA, m) {
  m.impl("ssim", &ssim);
  m.impl("ssim_backward", &ssim_backward);
}

}  // namespace earthcraft
