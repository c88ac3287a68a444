// Adam for parameters of which a step touches few, as tables of hash grids (Müller et al. 2022, section 4): elements whose gradient is 0 keep value
// and moments, as if the step had not been. One whose gradient is not finite does so, too.
//
// Shapes:  param, grad, exp_avg, exp_avg_sq f32, alike

#include "sparse_adam.h"

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <torch/library.h>

#include "../kernels/sparse_adam.h"

namespace earthcraft {
namespace {

void sparse_adam_(const at::Tensor& param, const at::Tensor& grad_any, const at::Tensor& exp_avg, const at::Tensor& exp_avg_sq, double lr,
                  double beta1, double beta2, double eps, int64_t step) {
  const AdamwCoefficients c = check_sparse_adam(param, grad_any, exp_avg, exp_avg_sq, lr, beta1, beta2, eps, step);
  const at::Tensor grad = grad_any.contiguous();
  float *value = param.mutable_data_ptr<float>(), *mean = exp_avg.mutable_data_ptr<float>(), *square = exp_avg_sq.mutable_data_ptr<float>();
  const float* slope = grad.const_data_ptr<float>();
  const auto kernel = EC_KERNEL(sparse_adam_f32);
  at::parallel_for(0, param.numel(), 1 << 15,
                   [&](int64_t begin, int64_t end) { kernel(c, value + begin, slope + begin, mean + begin, square + begin, end - begin); });
  for (const at::Tensor& written : {param, exp_avg, exp_avg_sq}) written.unsafeGetTensorImpl()->bump_version();
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(earthcraft, m) {
  m.def(
      "sparse_adam_(Tensor(a!) param, Tensor grad, Tensor(b!) exp_avg, Tensor(c!) exp_avg_sq, *, float lr, float beta1, float beta2, float eps, int "
      "step) -> ()");
}
TORCH_LIBRARY_IMPL(earthcraft, CPU, m) { m.impl("sparse_adam_", &sparse_adam_); }

}  // namespace earthcraft
