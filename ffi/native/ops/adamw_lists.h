// What adamw_ is given, checked, and the numbers of one step: the same for every device.
#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "../kernels/adamw_coefficients.h"

namespace earthcraft {

constexpr int64_t kMaxParameters = 1 << 20;  // in the random stream's index beside the step

// Index of the stream that rounds a parameter's moments.
inline uint64_t rounding_index(int64_t step, size_t parameter) { return static_cast<uint64_t>(step) * kMaxParameters + parameter; }

inline void check_list(const char* name, at::TensorList list, at::TensorList params, at::ScalarType dtype) {
  TORCH_CHECK(list.size() == params.size(), "adamw_: ", name, " has ", list.size(), " tensors, params ", params.size());
  for (size_t i = 0; i < list.size(); ++i) {
    TORCH_CHECK(list[i].sizes() == params[i].sizes(), "adamw_: ", name, "[", i, "] has shape ", list[i].sizes(), ", its parameter ",
                params[i].sizes());
    TORCH_CHECK(list[i].scalar_type() == dtype, "adamw_: ", name, "[", i, "] must be ", dtype, ", got ", list[i].scalar_type());
    TORCH_CHECK(list[i].device() == params[0].device(), "adamw_: ", name, "[", i, "] lies on ", list[i].device(), ", the first parameter on ",
                params[0].device());
    TORCH_CHECK(list[i].is_contiguous(), "adamw_: ", name, "[", i, "] must be contiguous");
  }
}

struct AdamwLists {
  std::vector<at::Tensor> gradients;  // dense
  at::ScalarType moments;             // f32 or bf16

  AdamwLists(at::TensorList params, at::TensorList grads, at::TensorList exp_avgs, at::TensorList exp_avg_sqs, at::TensorList emas, double beta1,
             double beta2, int64_t step)
      : moments(exp_avgs.empty() ? at::kFloat : exp_avgs[0].scalar_type()) {
    TORCH_CHECK(step >= 1, "adamw_: step counts from 1, got ", step);
    TORCH_CHECK(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1, "adamw_: betas must lie in [0, 1), got ", beta1, " and ", beta2);
    TORCH_CHECK(static_cast<int64_t>(params.size()) < kMaxParameters, "adamw_: ", params.size(), " parameters");
    TORCH_CHECK(moments == at::kFloat || moments == at::kBFloat16, "adamw_: exp_avgs must be f32 or bf16, got ", moments);
    check_list("params", params, params, at::kFloat);
    for (const at::Tensor& grad : grads) gradients.push_back(grad.contiguous());
    check_list("grads", gradients, params, at::kFloat);
    check_list("exp_avgs", exp_avgs, params, moments);
    check_list("exp_avg_sqs", exp_avg_sqs, params, moments);
    if (!emas.empty()) check_list("emas", emas, params, at::kFloat);
  }
};

inline AdamwCoefficients adamw_coefficients(double norm, double lr, double beta1, double beta2, double eps, double weight_decay, double clip,
                                            double ema_decay, int64_t step) {
  AdamwCoefficients c;
  c.gradient_scale = clip > 0 ? static_cast<float>(std::min(1.0, clip / (norm + 1e-6))) : 1.0f;
  c.keep = static_cast<float>(1 - lr * weight_decay);
  c.beta1 = static_cast<float>(beta1);
  c.beta2 = static_cast<float>(beta2);
  c.step_size = static_cast<float>(lr / (1 - std::pow(beta1, static_cast<double>(step))));
  c.inverse_root_correction = static_cast<float>(1 / std::sqrt(1 - std::pow(beta2, static_cast<double>(step))));
  c.eps = static_cast<float>(eps);
  c.ema_decay = static_cast<float>(ema_decay);
  return c;
}

}  // namespace earthcraft
