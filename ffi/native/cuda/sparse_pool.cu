// One thread a value: neighbouring threads read neighbouring channels of a row.

#include "sparse_pool.h"

#include "element.cuh"
#include "grid.cuh"

namespace earthcraft::gpu {
namespace {

__device__ int count_children(const int32_t* children, int64_t cell) {
  const int4* slots = reinterpret_cast<const int4*>(children + 8 * cell);
  const int4 a = slots[0], b = slots[1];
  return (a.x >= 0) + (a.y >= 0) + (a.z >= 0) + (a.w >= 0) + (b.x >= 0) + (b.y >= 0) + (b.z >= 0) + (b.w >= 0);
}

template <typename T>
__global__ void gather_kernel(const T* feats, const int32_t* children, int64_t cells, int64_t channels, bool mean, T* out) {
  const int64_t i = thread_number();
  if (i >= cells * channels) return;
  const int64_t cell = i / channels, channel = i % channels;
  sum_t<T> sum = 0;
#pragma unroll
  for (int slot = 0; slot < 8; ++slot) {
    const int32_t row = children[8 * cell + slot];
    if (row >= 0) sum += wide(feats[row * channels + channel]);
  }
  if (mean) sum *= sum_t<T>(1) / static_cast<sum_t<T>>(max(count_children(children, cell), 1));
  out[i] = narrow<T>(sum);
}

template <typename T>
__global__ void copy_kernel(const T* feats, const int32_t* children, const int64_t* parent, int64_t rows, int64_t channels, bool shared, T* out) {
  const int64_t i = thread_number();
  if (i >= rows * channels) return;
  const int64_t cell = parent[i / channels];
  const T value = feats[cell * channels + i % channels];
  out[i] = shared ? narrow<T>(wide(value) * (sum_t<T>(1) / static_cast<sum_t<T>>(max(count_children(children, cell), 1)))) : value;
}

}  // namespace

void gather_children(Element element, const void* feats, const int32_t* children, int64_t cells, int64_t channels, bool mean, void* out,
                     cudaStream_t stream) {
  for_element(element, [&](auto type) {
    using T = decltype(type);
    EC_LAUNCH(gather_kernel<T>, cells * channels, stream, static_cast<const T*>(feats), children, cells, channels, mean, static_cast<T*>(out));
  });
}

void copy_to_children(Element element, const void* feats, const int32_t* children, const int64_t* parent, int64_t rows, int64_t channels, bool shared,
                      void* out, cudaStream_t stream) {
  for_element(element, [&](auto type) {
    using T = decltype(type);
    EC_LAUNCH(copy_kernel<T>, rows * channels, stream, static_cast<const T*>(feats), children, parent, rows, channels, shared, static_cast<T*>(out));
  });
}

}  // namespace earthcraft::gpu
