#include "grid.cuh"
#include "kernels/sh_basis.h"
#include "sh_encode.h"

namespace earthcraft::gpu {
namespace {

template <typename T>
struct Write {
  T* to;
  int64_t stride;
  __device__ void operator()(int k, T value, T, T, T) const { to[k * stride] = value; }
};

template <typename T>
struct Gather {
  const T* slope;
  int64_t stride;
  T* sums;
  __device__ void operator()(int k, T, T dx, T dy, T dz) const {
    const T g = slope[k * stride];
    sums[0] += g * dx, sums[1] += g * dy, sums[2] += g * dz;
  }
};

template <typename T>
__global__ void encode_kernel(const T* directions, int64_t count, int degrees, T* out) {
  const int64_t i = thread_number();
  if (i < count) sh_basis(degrees, directions[3 * i], directions[3 * i + 1], directions[3 * i + 2], Write<T>{out + i, count});
}

template <typename T>
__global__ void backward_kernel(const T* out_grad, const T* directions, int64_t count, int degrees, T* directions_grad) {
  const int64_t i = thread_number();
  if (i >= count) return;
  T sums[3] = {};
  sh_basis(degrees, directions[3 * i], directions[3 * i + 1], directions[3 * i + 2], Gather<T>{out_grad + i, count, sums});
  for (int axis = 0; axis < 3; ++axis) directions_grad[3 * i + axis] = sums[axis];
}

}  // namespace

template <typename T>
void sh_encode(const T* directions, int64_t count, int degrees, T* out, cudaStream_t stream) {
  EC_LAUNCH(encode_kernel<T>, count, stream, directions, count, degrees, out);
}

template <typename T>
void sh_encode_backward(const T* out_grad, const T* directions, int64_t count, int degrees, T* directions_grad, cudaStream_t stream) {
  EC_LAUNCH(backward_kernel<T>, count, stream, out_grad, directions, count, degrees, directions_grad);
}

template void sh_encode(const float*, int64_t, int, float*, cudaStream_t);
template void sh_encode(const double*, int64_t, int, double*, cudaStream_t);
template void sh_encode_backward(const float*, const float*, int64_t, int, float*, cudaStream_t);
template void sh_encode_backward(const double*, const double*, int64_t, int, double*, cudaStream_t);

}  // namespace earthcraft::gpu
