// The arithmetic of AdamW on one element, the same on every device. Its functions are static: of an inline one compiled for AVX-512 the linker could keep
// that copy for all.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "host_device.h"

namespace earthcraft {

constexpr uint32_t kRoundingPurpose = 6;  // of random words that round moments; random.ts: stochasticRounding

struct AdamwCoefficients {
  float gradient_scale;  // of clipping
  float keep;            // 1 - lr * weight decay
  float beta1, beta2;
  float step_size;                // lr / (1 - beta1^step)
  float inverse_root_correction;  // 1 / sqrt(1 - beta2^step)
  float eps;
  float ema_decay;
};

// Bits of a float; the casts are what compilers vectorize.
EC_HOST_DEVICE static inline uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  return bits;
}

EC_HOST_DEVICE static inline float float_of(uint32_t bits) {
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

EC_HOST_DEVICE static inline float widened_moment(uint16_t bits) { return float_of(static_cast<uint32_t>(bits) << 16); }

// Adds 16 random bits below the ones that stay: carries with the probability that they are worth. Infinities and NaN stay what they are,
// because the caller has seen finite gradients only.
EC_HOST_DEVICE static inline uint16_t rounded_moment(float value, uint32_t random16) { return static_cast<uint16_t>((bits_of(value) + random16) >> 16); }

EC_HOST_DEVICE static inline void adamw_step(const AdamwCoefficients& c, float& param, float gradient, float& mean, float& square) {
  const float g = gradient * c.gradient_scale;
  mean = mean + (g - mean) * (1 - c.beta1);
  square = square * c.beta2 + g * g * (1 - c.beta2);
  const float denominator = std::sqrt(square) * c.inverse_root_correction + c.eps;
  param = param * c.keep - c.step_size * (mean / denominator);
}

}  // namespace earthcraft
