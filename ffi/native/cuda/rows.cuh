// Rows of channels as kernels read them: eight at a time where a row's length and place allow it, else one at a time.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <type_traits>

#include "element.cuh"
#include "grid.cuh"

namespace earthcraft::gpu {

// `Wide` values that lie side by side; eight begin at a multiple of 16 bytes.
template <int Wide>
struct Values {
  float at[Wide];

  __device__ void load(const float* from) {
    if constexpr (Wide == 8) {
#pragma unroll
      for (int i = 0; i < 2; ++i) reinterpret_cast<float4*>(at)[i] = reinterpret_cast<const float4*>(from)[i];
    } else {
      for (int i = 0; i < Wide; ++i) at[i] = from[i];
    }
  }
  __device__ void load(const __nv_bfloat16* from) {
    if constexpr (Wide == 8) {
      const int4 packed = *reinterpret_cast<const int4*>(from);
      const auto* pairs = reinterpret_cast<const __nv_bfloat162*>(&packed);
#pragma unroll
      for (int i = 0; i < 4; ++i) reinterpret_cast<float2*>(at)[i] = __bfloat1622float2(pairs[i]);
    } else {
      for (int i = 0; i < Wide; ++i) at[i] = __bfloat162float(from[i]);
    }
  }
  __device__ void store(float* to) const {
    if constexpr (Wide == 8) {
#pragma unroll
      for (int i = 0; i < 2; ++i) reinterpret_cast<float4*>(to)[i] = reinterpret_cast<const float4*>(at)[i];
    } else {
      for (int i = 0; i < Wide; ++i) to[i] = at[i];
    }
  }
  __device__ void store(__nv_bfloat16* to) const {
    if constexpr (Wide == 8) {
      int4 packed;
      auto* pairs = reinterpret_cast<__nv_bfloat162*>(&packed);
#pragma unroll
      for (int i = 0; i < 4; ++i) pairs[i] = __floats2bfloat162_rn(at[2 * i], at[2 * i + 1]);
      *reinterpret_cast<int4*>(to) = packed;
    } else {
      for (int i = 0; i < Wide; ++i) to[i] = __float2bfloat16_rn(at[i]);
    }
  }
};

// How many threads share a row: a power of two, so that they are of one warp and sum by shuffles.
struct RowShare {
  int lanes;
  static RowShare of(int64_t channels, int wide) {
    int lanes = 1;
    while (lanes < 32 && lanes * wide < channels) lanes *= 2;
    return {lanes};
  }
  unsigned blocks(int64_t rows) const { return static_cast<unsigned>(blocks_for(rows, kThreads / lanes)); }
  __device__ int64_t row() const { return (static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x) / lanes; }
  __device__ int lane() const { return threadIdx.x % lanes; }
  // Every thread of the warp takes part.
  __device__ float sum(float x) const {
    for (int step = lanes / 2; step > 0; step /= 2) x += __shfl_xor_sync(0xFFFFFFFFu, x, step);
    return x;
  }
};

inline bool whole_eights(int64_t channels, std::initializer_list<const void*> places) {
  bool aligned = channels % 8 == 0;
  for (const void* place : places) aligned = aligned && reinterpret_cast<uintptr_t>(place) % 16 == 0;
  return aligned;
}

// body(how many values lie side by side): 8 or 1
template <typename Body>
void with_width(bool eights, Body&& body) {
  if (eights)
    body(std::integral_constant<int, 8>());
  else
    body(std::integral_constant<int, 1>());
}

}  // namespace earthcraft::gpu
