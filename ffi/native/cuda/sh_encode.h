// Directions as spherical harmonics on CUDA: the launchers of ops/sh_encode.cpp. T is float or double.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace earthcraft::gpu {

// directions [count, 3]; out and out_grad [degrees^2, count]
template <typename T>
void sh_encode(const T* directions, int64_t count, int degrees, T* out, cudaStream_t stream);
template <typename T>
void sh_encode_backward(const T* out_grad, const T* directions, int64_t count, int degrees, T* directions_grad, cudaStream_t stream);

}  // namespace earthcraft::gpu
