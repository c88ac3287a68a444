// A block of threads a piece of a parameter. Sums of squares go through a tree that the piece's size alone sets, and pieces are added in order.

#include "adamw.h"

#include "../ops/philox.h"
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

// A thread takes four elements, which share a block of random words.
template <bool bf16>
__global__ void update_kernel(const AdamwTensors* tensors, int64_t count, AdamwCoefficients c, uint64_t seed) {
  const Place at = place_of(tensors, count, blockIdx.x);
  const AdamwTensors& t = at.tensor;
  for (int64_t four = at.begin + 4 * threadIdx.x; four < at.end; four += 4 * kThreads) {
    Words4 words = {};
    if (bf16) words = PhiloxStream{seed, kRoundingPurpose, t.random}.block(static_cast<uint32_t>(four / 4));
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const int64_t i = four + j;
      if (i >= at.end) return;
      float param = t.param[i], mean, square;
      if (bf16) {
        mean = widened_moment(static_cast<const uint16_t*>(t.mean)[i]);
        square = widened_moment(static_cast<const uint16_t*>(t.square)[i]);
      } else {
        mean = static_cast<const float*>(t.mean)[i];
        square = static_cast<const float*>(t.square)[i];
      }
      adamw_step(c, param, t.grad[i], mean, square);
      t.param[i] = param;
      if (bf16) {
        static_cast<uint16_t*>(t.mean)[i] = rounded_moment(mean, words[j] & 0xFFFF);
        static_cast<uint16_t*>(t.square)[i] = rounded_moment(square, words[j] >> 16);
      } else {
        static_cast<float*>(t.mean)[i] = mean;
        static_cast<float*>(t.square)[i] = square;
      }
      if (t.ema != nullptr) t.ema[i] = param + (t.ema[i] - param) * c.ema_decay;
    }
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
