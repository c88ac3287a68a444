// A small dense network a sample at a time: what the fast kernel is tested against, and what float64 runs.
#pragma once

#include <cstdint>
#include <vector>

#include "../kernels/fused_mlp.h"

namespace earthcraft {

// x [N, in], out [N, out]
template <typename T>
struct MlpReference {
  const MlpShape& shape;
  const T* weights;

  // Values after every layer, ReLU included; the input first.
  std::vector<std::vector<T>> run(const T* x) const {
    std::vector<std::vector<T>> values{std::vector<T>(x, x + shape.widths[0])};
    const T* matrix = weights;
    for (int l = 0; l < shape.layers; ++l) {
      const int64_t in = shape.widths[l], out = shape.widths[l + 1];
      std::vector<T> next(static_cast<size_t>(out), T(0));
      for (int64_t o = 0; o < out; ++o) {
        for (int64_t i = 0; i < in; ++i) next[o] += matrix[o * in + i] * values.back()[i];
        if (l + 1 < shape.layers && next[o] < 0) next[o] = 0;
      }
      values.push_back(next);
      matrix += in * out;
    }
    return values;
  }

  void forward(const T* x, int64_t count, T* out) const {
    const int64_t in = shape.widths[0], outputs = shape.widths[shape.layers];
    for (int64_t n = 0; n < count; ++n) {
      const std::vector<T> last = run(x + n * in).back();
      for (int64_t o = 0; o < outputs; ++o) out[n * outputs + o] = last[o];
    }
  }

  // Adds to weights_grad; either gradient may be null.
  void backward(const T* x, const T* out_grad, int64_t count, T* x_grad, T* weights_grad) const {
    const int64_t inputs = shape.widths[0], outputs = shape.widths[shape.layers];
    for (int64_t n = 0; n < count; ++n) {
      const std::vector<std::vector<T>> values = run(x + n * inputs);
      std::vector<T> slope(out_grad + n * outputs, out_grad + (n + 1) * outputs);
      int64_t first = shape.weights();
      for (int l = shape.layers - 1; l >= 0; --l) {
        const int64_t in = shape.widths[l], out = shape.widths[l + 1];
        first -= in * out;
        std::vector<T> below(static_cast<size_t>(in), T(0));
        for (int64_t o = 0; o < out; ++o)
          for (int64_t i = 0; i < in; ++i) {
            if (weights_grad) weights_grad[first + o * in + i] += slope[o] * values[l][i];
            if (l == 0 || !(values[l][i] <= 0)) below[i] += weights[first + o * in + i] * slope[o];
          }
        slope = below;
      }
      for (int64_t i = 0; x_grad && i < inputs; ++i) x_grad[n * inputs + i] = slope[i];
    }
  }
};

}  // namespace earthcraft
