// Colours of splats from spherical harmonics on CUDA: the launchers of ops/splat_sh.cpp.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace earthcraft::gpu {

struct ShView {
  double centre[3];
  int64_t first, end;  // the splats that the view sees
};

// means [M, 3], sh [M, K, 3], K = 1 or 4   ->   colors [V, M, 3], 0 outside a view's range.  T is float or double.
template <typename T>
void splat_sh(const ShView* views, int64_t view_count, const T* means, const T* sh, int64_t count, int64_t k, T* colors, cudaStream_t stream);

// Every splat sums its views in their order.
template <typename T>
void splat_sh_backward(const ShView* views, int64_t view_count, const T* grad, const T* means, const T* sh, int64_t count, int64_t k, T* means_grad,
                       T* sh_grad, cudaStream_t stream);

}  // namespace earthcraft::gpu
