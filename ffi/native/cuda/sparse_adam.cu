#include "grid.cuh"
#include "sparse_adam.h"

namespace earthcraft::gpu {
namespace {

__global__ void update_kernel(AdamwCoefficients c, float* param, const float* gradient, float* mean, float* square, int64_t count) {
  const int64_t i = thread_number();
  if (i >= count || !moves(gradient[i])) return;
  adamw_step(c, param[i], gradient[i], mean[i], square[i]);
}

}  // namespace

void sparse_adam(const AdamwCoefficients& coefficients, float* param, const float* gradient, float* mean, float* square, int64_t count,
                 cudaStream_t stream) {
  EC_LAUNCH(update_kernel, count, stream, coefficients, param, gradient, mean, square, count);
}

}  // namespace earthcraft::gpu
