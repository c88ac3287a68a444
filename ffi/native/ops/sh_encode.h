// The checks of sh_encode's arguments.
#pragma once

#include <ATen/core/Tensor.h>

#include "../kernels/sh_basis.h"

namespace earthcraft {

inline void check_sh_encode(const char* op, const at::Tensor& directions_N3, int64_t degrees) {
  TORCH_CHECK(directions_N3.dim() == 2 && directions_N3.size(1) == 3 &&
                  (directions_N3.scalar_type() == at::kFloat || directions_N3.scalar_type() == at::kDouble),
              op, ": directions must be float32 [N, 3], got ", directions_N3.scalar_type(), " ", directions_N3.sizes());
  TORCH_CHECK(degrees >= 1 && degrees <= kMostShDegrees, op, ": degrees must lie in [1, ", kMostShDegrees, "], got ", degrees);
}

inline void check_sh_grad(const at::Tensor& out_grad, const at::Tensor& directions_N3, int64_t degrees) {
  TORCH_CHECK(out_grad.dim() == 2 && out_grad.size(0) == directions_N3.size(0) && out_grad.size(1) == degrees * degrees &&
                  out_grad.scalar_type() == directions_N3.scalar_type(),
              "sh_encode_backward: out_grad must be ", directions_N3.scalar_type(), " [", directions_N3.size(0), ", ", degrees * degrees, "], got ",
              out_grad.scalar_type(), " ", out_grad.sizes());
}

}  // namespace earthcraft
