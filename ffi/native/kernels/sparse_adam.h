// Adam over a piece of a parameter most of whose gradients are 0: what the kernel in sparse_adam.cpp takes.
#pragma once

#include <cstdint>

#include "adamw_coefficients.h"
#include "dispatch.h"

namespace earthcraft {

// An element whose gradient is 0 or not finite keeps value and moments.
EC_HOST_DEVICE static inline bool moves(float gradient) { return gradient != 0 && gradient - gradient == 0; }

EC_DECLARE_VARIANTS(void sparse_adam_f32(const AdamwCoefficients& c, float* param, const float* gradient, float* mean, float* square, int64_t count);)

}  // namespace earthcraft
