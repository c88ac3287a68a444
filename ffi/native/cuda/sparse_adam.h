// sparse_adam_ on CUDA: the launcher of ops/sparse_adam.cpp.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "kernels/sparse_adam.h"

namespace earthcraft::gpu {

void sparse_adam(const AdamwCoefficients& coefficients, float* param, const float* gradient, float* mean, float* square, int64_t count,
                 cudaStream_t stream);

}  // namespace earthcraft::gpu
