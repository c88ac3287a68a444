// Sparse convolution of bf16 on the tensor cores of compute capability 9.0: what the kernels in sparse_conv_sm90.cu and sparse_conv_grad_sm90.cu
// take. Sums are f32. Channels are multiples of kConvChannels, tensors begin at 16 bytes.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "conv_tiles.h"

namespace earthcraft::gpu {

// Whether a GPU can run them, and this library has their machine code.
bool conv_sm90(int device);
constexpr int64_t kMostTaps = 32;

// sum[o] = bias + sum over the pairs (i, o, tap) of a group of taps: in[i] · weight[tap]
struct ConvTiled {
  ConvTiles tiles;
  int64_t taps;    // of the weight
  bool mirrored;   // pairs of tap t use weight taps - 1 - t
  bool turned;     // weight is [taps, out_channels, in_channels], not [taps, in_channels, out_channels]
  const void* in;  // [N, in_channels]
  const void* weight;
  const float* bias;  // [out_channels] or null
  float* partial;     // [rows, out_channels]: the sums of the groups before, and of this one unless it is the last
  void* out;          // [rows, out_channels]: the sum of all groups, written by the last
  bool first, last;
  int64_t in_channels, out_channels, columns;
};
// How a convolution is cut, by its sizes alone: sums are the same in every run.
struct ConvCut {
  int64_t groups;   // of taps; each has tiles of its own, so more of their products are wanted, but sums go through memory between groups
  int64_t columns;  // output channels of a panel
};
ConvCut conv_cut(int64_t rows, int64_t taps, int64_t in_channels, int64_t out_channels);
cudaError_t conv_forward_sm90(const ConvTiled& task, cudaStream_t stream);

// weight_grad[tap] = sum over the pairs of a tap: in[i]ᵀ · out_grad[o]
struct ConvTapGrad {
  TapPairs pairs;
  const void* in;        // [N, in_channels]
  const void* out_grad;  // [rows, out_channels]
  float* partial;        // [slices, in_channels, out_channels]
  void* weight_grad;     // [taps, in_channels, out_channels]
  int64_t length;        // pairs of a slice; a tap begins a new one
  int64_t slices;        // at least those that there are
  int64_t in_channels, out_channels;
};
cudaError_t conv_weight_grad_sm90(const ConvTapGrad& task, cudaStream_t stream);
int64_t conv_slice_length(int64_t pairs, int64_t taps, int64_t in_channels, int64_t out_channels);

}  // namespace earthcraft::gpu
