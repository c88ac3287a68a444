#include "sparse_adam.h"

namespace earthcraft::EC_VARIANT {

void sparse_adam_f32(const AdamwCoefficients& c, float* __restrict param, const float* __restrict gradient, float* __restrict mean,
                     float* __restrict square, int64_t count) {
  // Where a whole cache line's gradients are 0 its moments are not even read.
  constexpr int64_t kLine = 16;
  for (int64_t begin = 0; begin < count; begin += kLine) {
    const int64_t end = begin + kLine < count ? begin + kLine : count;
    int32_t any = 0;
    for (int64_t i = begin; i < end; ++i) any |= gradient[i] != 0;
    if (!any) continue;
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) {
      float value = param[i], m = mean[i], v = square[i];
      adamw_step(c, value, gradient[i], m, v);
      const bool moved = moves(gradient[i]);
      param[i] = moved ? value : param[i];
      mean[i] = moved ? m : mean[i];
      square[i] = moved ? v : square[i];
    }
  }
}

}  // namespace earthcraft::EC_VARIANT
