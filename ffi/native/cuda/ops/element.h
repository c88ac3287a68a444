// The kernels' name of a tensor's element type.
#pragma once

#include <ATen/core/Tensor.h>

#include "../element.h"

namespace earthcraft::gpu {

inline Element element_of(const char* op, const at::Tensor& tensor) {
  switch (tensor.scalar_type()) {
    case at::kFloat:
      return Element::f32;
    case at::kDouble:
      return Element::f64;
    case at::kBFloat16:
      return Element::bf16;
    case at::kHalf:
      return Element::f16;
    default:
      TORCH_CHECK(false, op, ": no kernel for ", tensor.scalar_type());
  }
}

}  // namespace earthcraft::gpu
