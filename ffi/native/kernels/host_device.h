// Arithmetic that the CPU's and the GPU's kernels share is written once, in functions that both compilers take: EC_HOST_DEVICE, and EC_INLINE in the
// namespace EC_VARIANT where the CPU compiles a copy for every processor.
#pragma once

#if defined(__CUDACC__)
#define EC_HOST_DEVICE __host__ __device__
#define EC_INLINE __host__ __device__ __forceinline__
#define EC_VARIANT ec_cuda
#else
#define EC_HOST_DEVICE
#define EC_INLINE inline __attribute__((always_inline))
#endif
