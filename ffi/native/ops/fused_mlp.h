// The checked arguments of fused_mlp, the same for every device.
#pragma once

#include <ATen/core/Tensor.h>

#include "../kernels/fused_mlp.h"

namespace earthcraft {

inline MlpShape check_mlp(const char* op, const at::Tensor& x_NC, const at::Tensor& weights, at::IntArrayRef widths) {
  TORCH_CHECK(widths.size() >= 3 && widths.size() <= kMlpMostLayers + 1, op, ": widths must name inputs, 1 to ", kMlpMostLayers - 1,
              " hidden layers and outputs, got ", widths);
  MlpShape shape{};
  shape.layers = static_cast<int>(widths.size()) - 1;
  for (size_t l = 0; l < widths.size(); ++l) {
    const bool inner = l > 0 && l + 1 < widths.size();
    const int64_t most = inner ? kMlpMostHidden : kMlpMostEnd;
    TORCH_CHECK(widths[l] >= 1 && widths[l] <= most, op, ": widths[", l, "] must lie in [1, ", most, "], got ", widths[l]);
    shape.widths[l] = widths[l];
  }
  const at::ScalarType dtype = x_NC.scalar_type();
  TORCH_CHECK(x_NC.dim() == 2 && x_NC.size(1) == widths[0] && (dtype == at::kFloat || dtype == at::kDouble), op, ": x must be float32 [N, ",
              widths[0], "], got ", dtype, " ", x_NC.sizes());
  TORCH_CHECK(weights.dim() == 1 && weights.size(0) == shape.weights() && weights.scalar_type() == dtype, op, ": weights must be ", dtype, " [",
              shape.weights(), "] for widths ", widths, ", got ", weights.scalar_type(), " ", weights.sizes());
  return shape;
}

inline void check_mlp_grad(const at::Tensor& out_grad, const at::Tensor& x_NC, const MlpShape& shape) {
  TORCH_CHECK(out_grad.dim() == 2 && out_grad.size(0) == x_NC.size(0) && out_grad.size(1) == shape.widths[shape.layers] &&
                  out_grad.scalar_type() == x_NC.scalar_type(),
              "fused_mlp_backward: out_grad must be ", x_NC.scalar_type(), " [", x_NC.size(0), ", ", shape.widths[shape.layers], "], got ",
              out_grad.scalar_type(), " ", out_grad.sizes());
}

}  // namespace earthcraft
