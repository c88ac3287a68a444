#include "adamw.h"

#include <cmath>
#include <cstring>

namespace earthcraft::EC_VARIANT {
namespace {

// Bits of a float; the casts are what compilers vectorize.
inline uint32_t bits_of(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return bits;
}

inline float float_of(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

inline float widen(uint16_t bits) { return float_of(static_cast<uint32_t>(bits) << 16); }

// Adds 16 random bits below the ones that stay: carries with the probability that they are worth. Infinities and NaN stay what they are,
// because the caller has seen finite gradients only.
inline uint16_t round_stochastically(float value, uint32_t random16) { return static_cast<uint16_t>((bits_of(value) + random16) >> 16); }

inline void update(const AdamwCoefficients& c, float& param, float gradient, float& mean, float& square) {
  const float g = gradient * c.gradient_scale;
  mean = mean + (g - mean) * (1 - c.beta1);
  square = square * c.beta2 + g * g * (1 - c.beta2);
  const float denominator = std::sqrt(square) * c.inverse_root_correction + c.eps;
  param = param * c.keep - c.step_size * (mean / denominator);
}

}  // namespace

double sum_of_squares(const float* values, int64_t count) {
  double lanes[16] = {};
  int64_t i = 0;
  for (; i + 16 <= count; i += 16)
    for (int64_t lane = 0; lane < 16; ++lane) lanes[lane] += static_cast<double>(values[i + lane]) * static_cast<double>(values[i + lane]);
  for (int64_t lane = 0; i < count; ++i, ++lane) lanes[lane] += static_cast<double>(values[i]) * static_cast<double>(values[i]);
  double sum = 0;
  for (const double lane : lanes) sum += lane;
  return sum;
}

void adamw_f32(const AdamwCoefficients& c, float* __restrict param, const float* __restrict gradient, float* __restrict mean,
               float* __restrict square, float* __restrict ema, int64_t count) {
  if (ema == nullptr) {
#pragma omp simd
    for (int64_t i = 0; i < count; ++i) update(c, param[i], gradient[i], mean[i], square[i]);
    return;
  }
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    update(c, param[i], gradient[i], mean[i], square[i]);
    ema[i] = param[i] + (ema[i] - param[i]) * c.ema_decay;
  }
}

void adamw_bf16(const AdamwCoefficients& c, float* __restrict param, const float* __restrict gradient, uint16_t* __restrict mean,
                uint16_t* __restrict square, float* __restrict ema, const uint32_t* __restrict random, int64_t count) {
  // Widened, updated and rounded piece by piece: one loop that does all three is not vectorized.
  constexpr int64_t kPiece = 256;
  float means[kPiece], squares[kPiece];
  for (int64_t begin = 0; begin < count; begin += kPiece) {
    const int64_t n = kPiece < count - begin ? kPiece : count - begin;
    for (int64_t i = 0; i < n; ++i) means[i] = widen(mean[begin + i]);
    for (int64_t i = 0; i < n; ++i) squares[i] = widen(square[begin + i]);
    adamw_f32(c, param + begin, gradient + begin, means, squares, ema == nullptr ? nullptr : ema + begin, n);
    for (int64_t i = 0; i < n; ++i) mean[begin + i] = round_stochastically(means[i], random[begin + i] & 0xFFFF);
    for (int64_t i = 0; i < n; ++i) square[begin + i] = round_stochastically(squares[i], random[begin + i] >> 16);
  }
}

}  // namespace earthcraft::EC_VARIANT
