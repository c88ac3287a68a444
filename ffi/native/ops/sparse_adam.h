// The checks of sparse_adam_'s arguments.
#pragma once

#include <ATen/core/Tensor.h>

#include "adamw_lists.h"

namespace earthcraft {

inline AdamwCoefficients check_sparse_adam(const at::Tensor& param, const at::Tensor& grad, const at::Tensor& exp_avg, const at::Tensor& exp_avg_sq,
                                           double lr, double beta1, double beta2, double eps, int64_t step) {
  TORCH_CHECK(param.scalar_type() == at::kFloat && param.is_contiguous(), "sparse_adam_: param must be contiguous float32, got ", param.scalar_type(),
              " ", param.sizes());
  TORCH_CHECK(grad.scalar_type() == at::kFloat && grad.sizes() == param.sizes(), "sparse_adam_: grad must be like param, float32 ", param.sizes(),
              ", got ", grad.scalar_type(), " ", grad.sizes());
  for (const auto& [name, moment] : {std::pair{"exp_avg", exp_avg}, std::pair{"exp_avg_sq", exp_avg_sq}})
    TORCH_CHECK(moment.scalar_type() == at::kFloat && moment.sizes() == param.sizes() && moment.is_contiguous(), "sparse_adam_: ", name,
                " must be like param, contiguous float32 ", param.sizes(), ", got ", moment.scalar_type(), " ", moment.sizes());
  TORCH_CHECK(step >= 1, "sparse_adam_: step counts from 1, got ", step);
  TORCH_CHECK(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1, "sparse_adam_: betas must lie in [0, 1), got ", beta1, " and ", beta2);
  return adamw_coefficients(0, lr, beta1, beta2, eps, 0, 0, 0, step);
}

}  // namespace earthcraft
