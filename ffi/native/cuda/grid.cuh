// How kernels are cut into blocks of threads.
#pragma once

#include <cstdint>

namespace earthcraft {

constexpr int kThreads = 256;
constexpr int kProcessors = 132;  // multiprocessors of an H100: work is cut by a number that is the same on every GPU

constexpr int64_t blocks_for(int64_t work, int64_t threads = kThreads) { return (work + threads - 1) / threads; }

// One thread an element; a launch of no block would be an error.
#define EC_LAUNCH(kernel, work, stream, ...)                                                                                      \
  do {                                                                                                                            \
    if ((work) > 0) kernel<<<static_cast<unsigned>(blocks_for(work)), kThreads, 0, stream>>>(__VA_ARGS__);                        \
  } while (0)

__device__ inline int64_t thread_number() { return static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; }

}  // namespace earthcraft
