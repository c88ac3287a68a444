// What a flow's blocks do with the time embedding, and the norm of attention heads: what the kernels in modulation.cpp take. f32.
#pragma once

#include <cstdint>

#include "dispatch.h"

namespace earthcraft {

// x [N, H, D] with any strides over tokens and heads; everything else is dense.
struct Heads {
  const float* x;
  int64_t row_stride, head_stride;
  int64_t heads, dim;
  const float* gamma;  // [H, D]
};

EC_DECLARE_VARIANTS(
    // out = x + gate · y for rows [begin, end) of [rows, channels]; one gate row.
    void gated_add_forward(const float* x, const float* gate, const float* y, int64_t begin, int64_t end, int64_t channels, float* out);
    // y_grad = gate · out_grad; gate_grad [channels] is added to.
    void gated_add_backward(const float* out_grad, const float* gate, const float* y, int64_t begin, int64_t end, int64_t channels, float* y_grad,
                            float* gate_grad);

    // out = x / |x| · √D · gamma; inverse [N, H] = 1 / |x|
    void head_norm_forward(const Heads& task, int64_t begin, int64_t end, float* out, float* inverse);
    // gamma_grad [H, D] is added to.
    void head_norm_backward(const Heads& task, const float* inverse, const float* out_grad, int64_t begin, int64_t end, float* x_grad,
                            float* gamma_grad);)

}  // namespace earthcraft
