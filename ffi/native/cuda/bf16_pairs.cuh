// Two bf16 in a register, as tensor cores leave their products with four lanes.
#pragma once

#include <cuda_bf16.h>

namespace earthcraft::gpu {

__device__ inline unsigned pack(float low, float high) {
  const __nv_bfloat162 two = __floats2bfloat162_rn(low, high);
  return reinterpret_cast<const unsigned&>(two);
}

// Turns four values of each of four lanes round: lane q then has in slot s what lane s had in slot q. Four pairs that lay eight columns apart become
// eight columns side by side.
__device__ inline void turn_four(unsigned (&v)[4]) {
  const bool odd = threadIdx.x & 1, high = threadIdx.x & 2;
  const unsigned first = __shfl_xor_sync(0xFFFFFFFFu, odd ? v[0] : v[1], 1), second = __shfl_xor_sync(0xFFFFFFFFu, odd ? v[2] : v[3], 1);
  (odd ? v[0] : v[1]) = first;
  (odd ? v[2] : v[3]) = second;
  const unsigned third = __shfl_xor_sync(0xFFFFFFFFu, high ? v[0] : v[2], 2), fourth = __shfl_xor_sync(0xFFFFFFFFu, high ? v[1] : v[3], 2);
  (high ? v[0] : v[2]) = third;
  (high ? v[1] : v[3]) = fourth;
}

}  // namespace earthcraft::gpu
