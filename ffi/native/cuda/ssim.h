// Structural similarity on CUDA: the launchers of ops/ssim.cpp.  The maths is that of kernels/ssim.h; T is float or double.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace earthcraft::gpu {

// x, y and map are [planes, H, W].
template <typename T>
void ssim(const T* x, const T* y, int64_t planes, int64_t height, int64_t width, T* map, cudaStream_t stream);

// moment_grads [4, planes, H, W] is scratch.
template <typename T>
void ssim_backward(const T* grad, const T* x, const T* y, int64_t planes, int64_t height, int64_t width, T* moment_grads, T* x_grad, T* y_grad,
                   cudaStream_t stream);

}  // namespace earthcraft::gpu
