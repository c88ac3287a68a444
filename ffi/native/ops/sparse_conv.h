// What sparse_conv asks of its arguments on every device: shapes and types. Values of pairs are looked at on the CPU only.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "../kernels/conv_block.h"

namespace earthcraft {

inline void check_conv_operands(const at::Tensor& feats, const at::Tensor& weight, const std::optional<at::Tensor>& bias) {
  TORCH_CHECK(feats.dim() == 2 && at::isFloatingType(feats.scalar_type()), "sparse_conv: feats must be floating point [N, Ci], got ",
              feats.scalar_type(), " ", feats.sizes());
  TORCH_CHECK(weight.dim() == 3, "sparse_conv: weight must be [taps, Ci, Co], got ", weight.sizes());
  TORCH_CHECK(weight.size(1) == feats.size(1), "sparse_conv: feats ", feats.sizes(), ", weight ", weight.sizes(), ": ", feats.size(1),
              " channels in, weight wants ", weight.size(1));
  TORCH_CHECK(weight.scalar_type() == feats.scalar_type(), "sparse_conv: feats are ", feats.scalar_type(), ", weight is ", weight.scalar_type());
  TORCH_CHECK(feats.scalar_type() == at::kFloat || feats.scalar_type() == at::kDouble || feats.scalar_type() == at::kBFloat16,
              "sparse_conv: feats must be f32, bf16 or f64, got ", feats.scalar_type());
  if (bias.has_value())
    TORCH_CHECK(bias->dim() == 1 && bias->size(0) == weight.size(2) && bias->scalar_type() == feats.scalar_type(), "sparse_conv: bias must be ",
                feats.scalar_type(), " [", weight.size(2), "], got ", bias->scalar_type(), " ", bias->sizes());
}

// @returns blocks of output rows, each with a start for every tap
inline int64_t check_conv_pairs(const char* argument, const at::Tensor& pairs, const at::Tensor& starts, int64_t taps, int64_t out_rows) {
  TORCH_CHECK(pairs.dim() == 2 && pairs.size(0) == 2 && pairs.scalar_type() == at::kInt, "sparse_conv: ", argument, " must be int32 [2, P], got ",
              pairs.scalar_type(), " ", pairs.sizes());
  const int64_t blocks = (out_rows + kConvBlock - 1) / kConvBlock;
  TORCH_CHECK(starts.dim() == 1 && starts.scalar_type() == at::kLong && starts.size(0) == blocks * taps + 1, "sparse_conv: the starts of ", argument,
              " must be int64 [", blocks * taps + 1, "] for ", out_rows, " output rows and ", taps, " taps, got ", starts.scalar_type(), " ",
              starts.sizes());
  return blocks;
}

inline void check_conv_rows(const at::Tensor& feats, const std::optional<at::Tensor>& pairs_back, const std::optional<at::Tensor>& starts_back,
                            int64_t rows) {
  TORCH_CHECK(rows >= 0, "sparse_conv: rows must not be negative, got ", rows);
  TORCH_CHECK(pairs_back.has_value() == starts_back.has_value(), "sparse_conv: pairs_back and starts_back come together");
  TORCH_CHECK(pairs_back.has_value() || rows == feats.size(0), "sparse_conv: without pairs_back the convolution is submanifold, but ", feats.size(0),
              " rows go in and ", rows, " come out");
}

inline void check_conv_residual(const at::Tensor& feats, const at::Tensor& weight, int64_t rows, const std::optional<at::Tensor>& residual) {
  if (!residual.has_value()) return;
  const bool as_wide =
      residual->scalar_type() == feats.scalar_type() || (residual->scalar_type() == at::kFloat && feats.scalar_type() == at::kBFloat16);
  TORCH_CHECK(residual->dim() == 2 && residual->size(0) == rows && residual->size(1) == weight.size(2) && as_wide, "sparse_conv: residual must be ",
              feats.scalar_type(), feats.scalar_type() == at::kBFloat16 ? " or f32 [" : " [", rows, ", ", weight.size(2), "], got ",
              residual->scalar_type(), " ", residual->sizes());
}

inline void check_conv_grad(const at::Tensor& out_grad, const at::Tensor& feats, const at::Tensor& weight) {
  TORCH_CHECK(out_grad.dim() == 2 && out_grad.size(1) == weight.size(2) && out_grad.scalar_type() == feats.scalar_type(),
              "sparse_conv_backward: out_grad must be ", feats.scalar_type(), " [rows, ", weight.size(2), "], got ", out_grad.scalar_type(), " ",
              out_grad.sizes());
}

}  // namespace earthcraft
