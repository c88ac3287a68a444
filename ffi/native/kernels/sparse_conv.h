// Sparse convolution over blocked pair lists: what the kernels in sparse_conv.cpp take.
#pragma once

#include <cstdint>

#include "conv_block.h"
#include "dispatch.h"
#include "panels.h"

namespace earthcraft {

// out[o] = bias + sum over pairs (i, o, tap): in[i] · weight[tap], and residual[o] last
struct ConvForward {
  ConvPairs pairs;
  bool mirrored;  // pairs of tap t use weight taps - 1 - t: the gradient of a submanifold convolution
  const float* in;
  int64_t in_channels;
  const float* weight;  // tap t, strip at column p: weight + t * tap_stride + p * column_stride, rows of row_stride floats (0: the strip's width)
  int64_t tap_stride, column_stride, row_stride;
  const float* bias;      // [out_channels padded to 16] or null
  const float* residual;  // [rows, out_channels] or null
  float* out;
  int64_t out_channels;
};

// weight_grad[tap] += in[i]ᵀ · out_grad[o], over the pairs of a range of blocks
struct ConvWeightGrad {
  ConvPairs pairs;
  const float* in;
  int64_t in_channels;
  const float* out_grad;  // rows padded to a multiple of 16 floats
  int64_t out_channels;   // padded
};

EC_DECLARE_VARIANTS(
    // Parts count panels of output channels inside blocks of rows. scratch: kConvBlock * kPanel floats.
    void conv_forward(const ConvForward& task, int64_t part_begin, int64_t part_end, float* scratch);
    // into: [taps, in_channels, out_channels], only taps in [tap_begin, tap_end) are touched
    void conv_weight_grad(const ConvWeightGrad& task, int64_t block_begin, int64_t block_end, int64_t tap_begin, int64_t tap_end, float* into);)

}  // namespace earthcraft
