// The checked arguments of composite, the same for every device.
#pragma once

#include <ATen/core/Tensor.h>

#include <initializer_list>
#include <utility>

#include "../kernels/composite.h"

namespace earthcraft {

inline void check_composite(const char* op, const at::Tensor& densities_S, const at::Tensor& colors_SC, const at::Tensor& lengths_S,
                            const at::Tensor& distances_S, const at::Tensor& starts, double least) {
  const at::ScalarType dtype = densities_S.scalar_type();
  TORCH_CHECK(densities_S.dim() == 1 && (dtype == at::kFloat || dtype == at::kDouble), op, ": densities must be float32 [S], got ", dtype, " ",
              densities_S.sizes());
  TORCH_CHECK(colors_SC.dim() == 2 && colors_SC.size(0) == densities_S.size(0) && colors_SC.scalar_type() == dtype, op, ": colors must be ", dtype,
              " [", densities_S.size(0), ", C], got ", colors_SC.scalar_type(), " ", colors_SC.sizes());
  for (const auto& [name, tensor] : {std::pair{"lengths", lengths_S}, std::pair{"distances", distances_S}})
    TORCH_CHECK(tensor.sizes() == densities_S.sizes() && tensor.scalar_type() == dtype, op, ": ", name, " must be ", dtype, " [", densities_S.size(0),
                "], got ", tensor.scalar_type(), " ", tensor.sizes());
  TORCH_CHECK(starts.dim() == 1 && starts.size(0) >= 1 && starts.scalar_type() == at::kLong, op, ": starts must be int64 [rays + 1], got ",
              starts.scalar_type(), " ", starts.sizes());
  TORCH_CHECK(least >= 0 && least < 1, op, ": least_light must lie in [0, 1), got ", least);
}

inline void check_composite_grads(const at::Tensor& color_grad, const at::Tensor& opacity_grad, const at::Tensor& depth_grad,
                                  const at::Tensor& weights_grad, const at::Tensor& densities_S, const at::Tensor& colors_SC,
                                  const at::Tensor& weights, const at::Tensor& starts) {
  const int64_t rays = starts.size(0) - 1;
  const at::ScalarType dtype = densities_S.scalar_type();
  TORCH_CHECK(color_grad.dim() == 2 && color_grad.size(0) == rays && color_grad.size(1) == colors_SC.size(1) && color_grad.scalar_type() == dtype,
              "composite_backward: color_grad must be ", dtype, " [", rays, ", ", colors_SC.size(1), "], got ", color_grad.scalar_type(), " ",
              color_grad.sizes());
  for (const auto& [name, tensor] : {std::pair{"opacity_grad", opacity_grad}, std::pair{"depth_grad", depth_grad}})
    TORCH_CHECK(tensor.dim() == 1 && tensor.size(0) == rays && tensor.scalar_type() == dtype, "composite_backward: ", name, " must be ", dtype, " [",
                rays, "], got ", tensor.scalar_type(), " ", tensor.sizes());
  for (const auto& [name, tensor] : {std::pair{"weights_grad", weights_grad}, std::pair{"weights", weights}})
    TORCH_CHECK(tensor.sizes() == densities_S.sizes() && tensor.scalar_type() == dtype, "composite_backward: ", name, " must be ", dtype, " [",
                densities_S.size(0), "], got ", tensor.scalar_type(), " ", tensor.sizes());
}

}  // namespace earthcraft
