// One pass of AdamW over all parameters on a GPU: what the kernels in adamw.cu take.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "../kernels/adamw_coefficients.h"

namespace earthcraft::gpu {

// One parameter; moments f32, or bf16 bits.
struct AdamwTensors {
  float* param;
  const float* grad;
  void* mean;
  void* square;
  float* ema;           // or null
  int64_t count;
  uint64_t random;      // index of its stream of random words
  int64_t first_piece;  // of all parameters' pieces
};

constexpr int64_t kAdamwPiece = 1 << 14;  // elements of a piece: pieces are summed apart, then in their order

// squares [pieces]: sum of squares of each piece's gradients in f64
void adamw_squares(const AdamwTensors* tensors, int64_t count, int64_t pieces, double* squares, cudaStream_t stream);
void adamw_update(const AdamwTensors* tensors, int64_t count, int64_t pieces, const AdamwCoefficients& coefficients, bool bf16, uint64_t seed,
                  cudaStream_t stream);

}  // namespace earthcraft::gpu
