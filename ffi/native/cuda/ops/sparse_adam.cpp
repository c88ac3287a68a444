// sparse_adam_ on CUDA: see ops/sparse_adam.cpp.

#include "ops/sparse_adam.h"

#include <ATen/core/Tensor.h>
#include <torch/library.h>

#include "cuda/sparse_adam.h"
#include "launch.h"

namespace earthcraft {
namespace {

void sparse_adam_(const at::Tensor& param, const at::Tensor& grad_any, const at::Tensor& exp_avg, const at::Tensor& exp_avg_sq, double lr,
                  double beta1, double beta2, double eps, int64_t step) {
  const AdamwCoefficients c = check_sparse_adam(param, grad_any, exp_avg, exp_avg_sq, lr, beta1, beta2, eps, step);
  check_device("sparse_adam_", param, {{"grad", grad_any}, {"exp_avg", exp_avg}, {"exp_avg_sq", exp_avg_sq}});
  const OnDevice on(param);
  const at::Tensor grad = grad_any.contiguous();
  gpu::sparse_adam(c, param.mutable_data_ptr<float>(), grad.const_data_ptr<float>(), exp_avg.mutable_data_ptr<float>(),
                   exp_avg_sq.mutable_data_ptr<float>(), param.numel(), on.stream());
  on.launched();
  for (const at::Tensor& written : {param, exp_avg, exp_avg_sq}) written.unsafeGetTensorImpl()->bump_version();
}

}  // namespace

TORCH_LIBRARY_IMPL(earthcraft, CUDA, m) { m.impl("sparse_adam_", &sparse_adam_); }

}  // namespace earthcraft
