// What linear and linear_backward check of their arguments, on every device.
#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <optional>

namespace earthcraft {

inline void check_linear(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias) {
  TORCH_CHECK(x.dim() >= 1 && weight.dim() == 2 && x.size(-1) == weight.size(1), "linear: weight must be [out, ", x.dim() > 0 ? x.size(-1) : 0,
              "] for x ", x.sizes(), ", got ", weight.sizes());
  TORCH_CHECK(!bias.has_value() || (bias->dim() == 1 && bias->size(0) == weight.size(0)), "linear: bias must be [", weight.size(0), "] for weight ",
              weight.sizes(), ", got ", bias.has_value() ? bias->sizes() : at::IntArrayRef());
}

inline void check_linear_grad(const at::Tensor& out_grad, const at::Tensor& x, const at::Tensor& weight) {
  check_linear(x, weight, std::nullopt);
  const int64_t columns = weight.size(0), rows = x.numel() / std::max<int64_t>(1, weight.size(1));
  TORCH_CHECK(out_grad.numel() == rows * columns, "linear_backward: out_grad must be [", rows, ", ", columns, "] for x ", x.sizes(), " and weight ",
              weight.sizes(), ", got ", out_grad.sizes());
}

}  // namespace earthcraft
