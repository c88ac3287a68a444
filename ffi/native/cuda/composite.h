// Volume rendering on CUDA: the launchers of ops/composite.cpp. T is float or double.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "kernels/composite.h"

namespace earthcraft::gpu {

// All samples of all rays; colours [channels, samples].
template <typename T>
struct PackedRays {
  const T *densities, *colors, *lengths, *distances;
  const int64_t* starts;
  int64_t rays, samples, channels;
};

template <typename T>
void composite(const PackedRays<T>& packed, T least, T* color, T* opacity, T* depth, T* weights, cudaStream_t stream);

// color [rays, channels], opacity and depth [rays], weights [samples] of `grads`
template <typename T>
void composite_backward(const PackedRays<T>& packed, T least, const RayGrads<T>& grads, const T* weights, T* densities_grad, T* colors_grad,
                        cudaStream_t stream);

}  // namespace earthcraft::gpu
