// GELU and layer norm over rows that fit in cache: what the kernels in pointwise.cpp take. f32.
#pragma once

#include <cstdint>

#include "dispatch.h"

namespace earthcraft {

EC_DECLARE_VARIANTS(
    // The tanh form: x · sigmoid(2 √(2/π) (x + 0.044715 x³)).
    void gelu_forward(const float* x, float* out, int64_t count);
    // x_grad = out_grad · gelu'(x)
    void gelu_backward(const float* x, const float* out_grad, float* x_grad, int64_t count);

    // Rows [begin, end) of x [rows, channels]. weight and bias may be null. stats [rows, 2]: mean and 1 / sqrt(variance + eps).
    void layer_norm_forward(const float* x, const float* weight, const float* bias, float eps, int64_t begin, int64_t end, int64_t channels,
                            float* out, float* stats);
    // weight_grad and bias_grad [channels] are added to; null where nobody asks.
    void layer_norm_backward(const float* x, const float* weight, const float* stats, const float* out_grad, int64_t begin, int64_t end,
                             int64_t channels, float* x_grad, float* weight_grad, float* bias_grad);)

}  // namespace earthcraft
