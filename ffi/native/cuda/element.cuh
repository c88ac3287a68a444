// Element types as kernels see them: what they are summed in, and how they are read and rounded.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "element.h"

namespace earthcraft::gpu {

template <typename T>
struct SumOf {
  using type = float;
};
template <>
struct SumOf<double> {
  using type = double;
};
template <typename T>
using sum_t = typename SumOf<T>::type;

__device__ inline float wide(float x) { return x; }
__device__ inline double wide(double x) { return x; }
__device__ inline float wide(__nv_bfloat16 x) { return __bfloat162float(x); }
__device__ inline float wide(__half x) { return __half2float(x); }

template <typename T>
__device__ inline T narrow(sum_t<T> x) {
  return x;
}
template <>
__device__ inline __nv_bfloat16 narrow<__nv_bfloat16>(float x) {
  return __float2bfloat16_rn(x);
}
template <>
__device__ inline __half narrow<__half>(float x) {
  return __float2half_rn(x);
}

// body(a value of the element's type)
template <typename Body>
void for_element(Element element, Body&& body) {
  switch (element) {
    case Element::f32:
      return body(float());
    case Element::f64:
      return body(double());
    case Element::bf16:
      return body(__nv_bfloat16());
    case Element::f16:
      return body(__half());
  }
}

}  // namespace earthcraft::gpu
