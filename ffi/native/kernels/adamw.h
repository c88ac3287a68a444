// One pass of AdamW over a piece of a parameter: what the kernels in adamw.cpp take.
#pragma once

#include <cstdint>

#include "adamw_coefficients.h"
#include "dispatch.h"

namespace earthcraft {

EC_DECLARE_VARIANTS(
    // The same sum on every variant: 16 lanes in double, whose products of floats are exact.
    double sum_of_squares(const float* values, int64_t count);
    // `ema` may be null.
    void adamw_f32(const AdamwCoefficients& c, float* param, const float* gradient, float* mean, float* square, float* ema, int64_t count);
    // Moments as bfloat16 bits; `random` has one word an element, half for each moment: rounding up as often as the cut-off part says keeps
    // small updates from being lost.
    void adamw_bf16(const AdamwCoefficients& c, float* param, const float* gradient, uint16_t* mean, uint16_t* square, float* ema,
                    const uint32_t* random, int64_t count);)

}  // namespace earthcraft
