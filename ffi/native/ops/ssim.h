// The check of ssim's arguments.
#pragma once

#include <ATen/core/Tensor.h>

namespace earthcraft {

inline void check_ssim(const char* op, const at::Tensor& x_BCHW, const at::Tensor& y_BCHW) {
  TORCH_CHECK(x_BCHW.dim() == 4 && (x_BCHW.scalar_type() == at::kFloat || x_BCHW.scalar_type() == at::kDouble), op,
              ": x must be float32 [B, C, H, W], got ", x_BCHW.scalar_type(), " ", x_BCHW.sizes());
  TORCH_CHECK(y_BCHW.sizes() == x_BCHW.sizes() && y_BCHW.scalar_type() == x_BCHW.scalar_type(), op, ": y must be like x, ", x_BCHW.scalar_type(), " ",
              x_BCHW.sizes(), ", got ", y_BCHW.scalar_type(), " ", y_BCHW.sizes());
}

}  // namespace earthcraft
