#include "adamw.h"

namespace earthcraft::EC_VARIANT {

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
    for (int64_t i = 0; i < count; ++i) adamw_step(c, param[i], gradient[i], mean[i], square[i]);
    return;
  }
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    adamw_step(c, param[i], gradient[i], mean[i], square[i]);
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
    for (int64_t i = 0; i < n; ++i) means[i] = widened_moment(mean[begin + i]);
    for (int64_t i = 0; i < n; ++i) squares[i] = widened_moment(square[begin + i]);
    adamw_f32(c, param + begin, gradient + begin, means, squares, ema == nullptr ? nullptr : ema + begin, n);
    for (int64_t i = 0; i < n; ++i) mean[begin + i] = rounded_moment(means[i], random[begin + i] & 0xFFFF);
    for (int64_t i = 0; i < n; ++i) square[begin + i] = rounded_moment(squares[i], random[begin + i] >> 16);
  }
}

}  // namespace earthcraft::EC_VARIANT
