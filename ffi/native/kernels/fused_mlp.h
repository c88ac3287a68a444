// Small dense networks whose activations never leave the cache, f32: what the kernels in fused_mlp.cpp take. Features lie one after another, samples
// side by side; hidden layers end in ReLU, the last in nothing; no layer has a bias.
#pragma once

#include <cstdint>

#include "dispatch.h"

namespace earthcraft {

constexpr int64_t kMlpBlock = 64;     // samples that pass all layers together
constexpr int64_t kMlpMostEnd = 128;  // features in and out
constexpr int64_t kMlpMostHidden = 64;
constexpr int kMlpMostLayers = 4;

// Layer l is a matrix [widths[l + 1], widths[l]]; the matrices lie one after another.
struct MlpShape {
  int64_t widths[kMlpMostLayers + 1];
  int layers;

  static constexpr int64_t padded(int64_t width) { return (width + 15) / 16 * 16; }
  int64_t weights() const {
    int64_t count = 0;
    for (int l = 0; l < layers; ++l) count += widths[l] * widths[l + 1];
    return count;
  }
  // Of the gradient of the weights while it is summed: rows are padded to 16.
  int64_t padded_weights() const {
    int64_t count = 0;
    for (int l = 0; l < layers; ++l) count += padded(widths[l]) * widths[l + 1];
    return count;
  }
};

constexpr int64_t kMlpScratch = kMlpBlock * (4 * kMlpMostEnd + kMlpMostLayers * kMlpMostHidden);

EC_DECLARE_VARIANTS(
    // Samples [begin, end) of out [widths[layers], count] from x [widths[0], count]. scratch: kMlpScratch floats, aligned to 64 bytes.
    void mlp_forward(const MlpShape& shape, const float* weights, const float* x, int64_t count, int64_t begin, int64_t end, float* scratch,
                     float* out);
    // The same samples of x_grad, and what they add to weights_grad [padded_weights()]; either may be null. Computes the activations again.
    void mlp_backward(const MlpShape& shape, const float* weights, const float* x, const float* out_grad, int64_t count, int64_t begin, int64_t end,
                      float* scratch, float* x_grad, float* weights_grad);)

}  // namespace earthcraft
