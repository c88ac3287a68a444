// Sparse convolution over blocked pair lists on a GPU: what the kernels in sparse_conv.cu take. f32, f64 and bf16, sums in f32 (f64 for f64).
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "../kernels/conv_block.h"
#include "element.h"

namespace earthcraft::gpu {

// Rows of feats and weights begin at 16 bytes: channels are multiples of kConvChannels.
constexpr int64_t kConvChannels = 8;

// out[o] = bias + sum over pairs (i, o, tap): in[i] · weight[tap]
struct ConvForward {
  ConvPairs pairs;
  bool mirrored;  // pairs of tap t use weight taps - 1 - t: the gradient of a submanifold convolution
  const void* in;      // [N, in_channels]
  const void* weight;  // [taps, in_channels, out_channels]
  const void* bias;    // [out_channels] in the type of sums, or null
  void* out;           // [rows, out_channels]
  int64_t in_channels, out_channels;
};
// Whether a GPU, the current one, can run these kernels: the bytes of shared memory that a block of theirs takes, of those it may have. 0 `needed`: the
// GPU is of a kind that this library has no machine code for.
struct ConvRoom {
  int needed, there;
};
ConvRoom conv_room(int device);

void conv_forward(Element element, const ConvForward& task, cudaStream_t stream);

// partial[slice, tap] = sum over the pairs of a slice of blocks: in[i]ᵀ · out_grad[o], in the type of sums
struct ConvWeightGrad {
  ConvPairs pairs;
  const void* in;        // [N, in_channels]
  const void* out_grad;  // [rows, out_channels]
  void* partial;         // [slices, taps, in_channels, out_channels]
  int64_t slices;
  int64_t in_channels, out_channels;
};
void conv_weight_grad(Element element, const ConvWeightGrad& task, cudaStream_t stream);
// Slices that fill the GPU and are not smaller than some blocks each; set by the sizes alone, so that sums are the same on every run.
int64_t conv_weight_slices(int64_t rows, int64_t taps, int64_t in_channels, int64_t out_channels);

}  // namespace earthcraft::gpu
