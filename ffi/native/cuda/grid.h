// Sizes of launches whose threads take one item each.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace earthcraft::cuda {

constexpr int kThreads = 256;

inline unsigned blocks_of(int64_t items, int64_t items_a_block = kThreads) {
  return static_cast<unsigned>((items + items_a_block - 1) / items_a_block);
}

#if defined(__CUDACC__)
__device__ inline int64_t thread_number() { return static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; }
#endif

}  // namespace earthcraft::cuda
