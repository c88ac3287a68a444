// A block of threads a piece of a parameter. Sums of squares go through a tree that the piece's size alone sets, and pieces are added in order.

#include <type_traits>

#include "../ops/philox.h"
#include "adamw.h"
#include "grid.cuh"

namespace earthcraft::gpu {
namespace {

// The parameter that holds a piece, and where the piece begins in it.
struct Place {
  const AdamwTensors& tensor;
  int64_t begin, end;
};
__device__ Place place_of(const AdamwTensors* tensors, int64_t count, int64_t piece) {
  int64_t low = 0, high = count;
  while (high - low > 1) {
    const int64_t middle = (low + high) / 2;
    (tensors[middle].first_piece <= piece ? low : high) = middle;
  }
  const AdamwTensors& tensor = tensors[low];
  const int64_t begin = (piece - tensor.first_piece) * kAdamwPiece;
  return {tensor, begin, begin + kAdamwPiece < tensor.count ? begin + kAdamwPiece : tensor.count};
}

__global__ void squares_kernel(const AdamwTensors* tensors, int64_t count, double* squares) {
  const Place at = place_of(tensors, count, blockIdx.x);
  double sum = 0;
  for (int64_t i = at.begin + threadIdx.x; i < at.end; i += kThreads) sum += static_cast<double>(at.tensor.grad[i]) * at.tensor.grad[i];
  __shared__ double sums[kThreads];
  sums[threadIdx.x] = sum;
  for (int half = kThreads / 2; half > 0; half /= 2) {
    __syncthreads();
    if (threadIdx.x < half) sums[threadIdx.x] += sums[threadIdx.x + half];
  }
  if (threadIdx.x == 0) squares[blockIdx.x] = sums[0];
}

// Four neighbours of an array, in one access where they begin at a multiple of their size.
template <typename T>
struct alignas(4 * sizeof(T)) Four {
  T at[4];
};
template <typename T>
__device__ bool whole(const T* array) {
  return reinterpret_cast<uintptr_t>(array) % sizeof(Four<T>) == 0;
}
template <typename T>
__device__ Four<T> load(const T* array, int64_t i, bool at_once, int64_t count) {
  if (at_once) return *reinterpret_cast<const Four<T>*>(array + i);
  Four<T> four = {};
  for (int64_t j = 0; j < count; ++j) four.at[j] = array[i + j];
  return four;
}
template <typename T>
__device__ void store(const Four<T>& four, T* array, int64_t i, bool at_once, int64_t count) {
  if (at_once)
    *reinterpret_cast<Four<T>*>(array + i) = four;
  else
    for (int64_t j = 0; j < count; ++j) array[i + j] = four.at[j];
}

// A thread takes four elements, which share a block of random words.
template <bool bf16>
__global__ void update_kernel(const AdamwTensors* tensors, int64_t count, AdamwCoefficients c, uint64_t seed) {
  using Moment = std::conditional_t<bf16, uint16_t, float>;
  const Place at = place_of(tensors, count, blockIdx.x);
  const AdamwTensors t = at.tensor;
  Moment *means = static_cast<Moment*>(t.mean), *squares = static_cast<Moment*>(t.square);
  const bool aligned = whole(t.param) && whole(t.grad) && whole(means) && whole(squares) && whole(t.ema);  // no average: null, which is whole
  for (int64_t i = at.begin + 4 * threadIdx.x; i < at.end; i += 4 * kThreads) {
    const int64_t left = at.end - i < 4 ? at.end - i : 4;
    const bool at_once = aligned && left == 4;
    Words4 words = {};
    if (bf16) words = PhiloxStream{seed, kRoundingPurpose, t.random}.block(static_cast<uint32_t>(i / 4));
    Four<float> param = load(t.param, i, at_once, left), ema = {};
    const Four<float> grad = load(t.grad, i, at_once, left);
    Four<Moment> mean = load(means, i, at_once, left), square = load(squares, i, at_once, left);
    if (t.ema != nullptr) ema = load(t.ema, i, at_once, left);
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      float m, s;
      if constexpr (bf16)
        m = widened_moment(mean.at[j]), s = widened_moment(square.at[j]);
      else
        m = mean.at[j], s = square.at[j];
      adamw_step(c, param.at[j], grad.at[j], m, s);
      if constexpr (bf16)
        mean.at[j] = rounded_moment(m, words[j] & 0xFFFF), square.at[j] = rounded_moment(s, words[j] >> 16);
      else
        mean.at[j] = m, square.at[j] = s;
      ema.at[j] = param.at[j] + (ema.at[j] - param.at[j]) * c.ema_decay;
    }
    store(param, t.param, i, at_once, left);
    store(mean, means, i, at_once, left);
    store(square, squares, i, at_once, left);
    if (t.ema != nullptr) store(ema, t.ema, i, at_once, left);
  }
}

}  // namespace

void adamw_squares(const AdamwTensors* tensors, int64_t count, int64_t pieces, double* squares, cudaStream_t stream) {
  if (pieces > 0) squares_kernel<<<static_cast<unsigned>(pieces), kThreads, 0, stream>>>(tensors, count, squares);
}

void adamw_update(const AdamwTensors* tensors, int64_t count, int64_t pieces, const AdamwCoefficients& coefficients, bool bf16, uint64_t seed,
                  cudaStream_t stream) {
  if (pieces == 0) return;
  if (bf16)
    update_kernel<true><<<static_cast<unsigned>(pieces), kThreads, 0, stream>>>(tensors, count, coefficients, seed);
  else
    update_kernel<false><<<static_cast<unsigned>(pieces), kThreads, 0, stream>>>(tensors, count, coefficients, seed);
}

}  // namespace earthcraft::gpu
