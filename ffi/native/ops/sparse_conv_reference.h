// Sparse convolution as its definition says, one pair after the other: what the fast kernel is tested against, and what float64 runs.
#pragma once

#include <cstdint>

#include "../kernels/sparse_conv.h"

namespace earthcraft {

template <typename T>
struct ConvReference {
  ConvPairs pairs;
  int64_t in_channels, out_channels;

  template <typename Visit>
  void each_pair(Visit&& visit) const {
    const int64_t blocks = (pairs.rows + kConvBlock - 1) / kConvBlock;
    for (int64_t block = 0; block < blocks; ++block)
      for (int64_t tap = 0; tap < pairs.taps; ++tap)
        for (int64_t p = pairs.starts[block * pairs.taps + tap]; p < pairs.starts[block * pairs.taps + tap + 1]; ++p)
          visit(tap, pairs.in_rows[p], pairs.out_rows[p]);
  }

  // out[o] += in[i] · weight[tap]
  void forward(const T* in, const T* weight, T* out) const {
    each_pair([&](int64_t tap, int64_t i, int64_t o) {
      for (int64_t ci = 0; ci < in_channels; ++ci)
        for (int64_t co = 0; co < out_channels; ++co)
          out[o * out_channels + co] += in[i * in_channels + ci] * weight[(tap * in_channels + ci) * out_channels + co];
    });
  }

  void backward(const T* in, const T* weight, const T* out_grad, T* in_grad, T* weight_grad) const {
    each_pair([&](int64_t tap, int64_t i, int64_t o) {
      for (int64_t ci = 0; ci < in_channels; ++ci)
        for (int64_t co = 0; co < out_channels; ++co) {
          const T g = out_grad[o * out_channels + co];
          in_grad[i * in_channels + ci] += g * weight[(tap * in_channels + ci) * out_channels + co];
          weight_grad[(tap * in_channels + ci) * out_channels + co] += g * in[i * in_channels + ci];
        }
    });
  }
};

}  // namespace earthcraft
