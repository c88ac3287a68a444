// Memory-bound in themselves, but with ATen's scalar tanh and its row-by-row overhead they took a quarter of a small transformer block.

#include "pointwise.h"

#include "rows.h"

namespace earthcraft::EC_VARIANT {
namespace {

constexpr float kRoot = 0.7978845608028654f;  // √(2/π)
constexpr float kCubic = 0.044715f;

// e^-2u for u = √(2/π) (x + 0.044715 x³)
EC_INLINE Vec decay(Vec x) {
  const Vec minus = x * (splat(-2 * kRoot * kCubic) * x * x - splat(2 * kRoot));
  return exp(select(minus > splat(88.0f), splat(88.0f), minus));
}

// sigmoid(2u), which is (1 + tanh u) / 2
EC_INLINE Vec gate(Vec x) { return splat(1.0f) / (splat(1.0f) + decay(x)); }

EC_INLINE Vec slope(Vec x) {
  const Vec e = decay(x), s = splat(1.0f) / (splat(1.0f) + e);
  // e s is 1 - s without the cancellation, which x³ would enlarge.
  return s + x * s * (e * s) * (splat(2 * kRoot) + splat(6 * kRoot * kCubic) * x * x);
}

}  // namespace

void gelu_forward(const float* x, float* out, int64_t count) {
  each_vector(count, [&](int64_t i, int64_t n) {
    const Vec v = load_up_to(x + i, n);
    store_up_to(out + i, v * gate(v), n);
  });
}

void gelu_backward(const float* x, const float* out_grad, float* x_grad, int64_t count) {
  each_vector(count, [&](int64_t i, int64_t n) { store_up_to(x_grad + i, load_up_to(out_grad + i, n) * slope(load_up_to(x + i, n)), n); });
}

void layer_norm_forward(const float* x, const float* weight, const float* bias, float eps, int64_t begin, int64_t end, int64_t channels, float* out,
                        float* stats) {
  const float share = 1.0f / static_cast<float>(channels);
  for (int64_t r = begin; r < end; ++r) {
    const float* row = x + r * channels;
    float* to = out + r * channels;
    Vec total{};
    each_vector(channels, [&](int64_t i, int64_t n) { total += load_up_to(row + i, n); });
    const float mean = sum(total) * share;
    Vec squares{};
    each_vector(channels, [&](int64_t i, int64_t n) {
      Vec centred = load_up_to(row + i, n) - splat(mean);
      if (n < kLanes) centred = select(lane_index() < splat_int(static_cast<int32_t>(n)), centred, Vec{});
      squares += centred * centred;
    });
    const float scale = 1.0f / __builtin_sqrtf(sum(squares) * share + eps);
    each_vector(channels, [&](int64_t i, int64_t n) {
      Vec y = (load_up_to(row + i, n) - splat(mean)) * splat(scale);
      if (weight) y *= load_up_to(weight + i, n);
      if (bias) y += load_up_to(bias + i, n);
      store_up_to(to + i, y, n);
    });
    stats[2 * r] = mean;
    stats[2 * r + 1] = scale;
  }
}

void layer_norm_backward(const float* x, const float* weight, const float* stats, const float* out_grad, int64_t begin, int64_t end, int64_t channels,
                         float* x_grad, float* weight_grad, float* bias_grad) {
  const float share = 1.0f / static_cast<float>(channels);
  for (int64_t r = begin; r < end; ++r) {
    const float* row = x + r * channels;
    const float* grad = out_grad + r * channels;
    const Vec mean = splat(stats[2 * r]), scale = splat(stats[2 * r + 1]);
    Vec total{}, along{};
    each_vector(channels, [&](int64_t i, int64_t n) {
      const Vec normal = (load_up_to(row + i, n) - mean) * scale;
      const Vec g = load_up_to(grad + i, n);
      const Vec weighted = weight ? g * load_up_to(weight + i, n) : g;  // lanes beyond the row are 0
      total += weighted;
      along += weighted * normal;
      if (weight_grad) store_up_to(weight_grad + i, load_up_to(weight_grad + i, n) + g * normal, n);
      if (bias_grad) store_up_to(bias_grad + i, load_up_to(bias_grad + i, n) + g, n);
    });
    if (x_grad == nullptr) continue;
    const Vec mean_grad = splat(sum(total) * share), mean_along = splat(sum(along) * share);
    each_vector(channels, [&](int64_t i, int64_t n) {
      const Vec normal = (load_up_to(row + i, n) - mean) * scale;
      const Vec g = load_up_to(grad + i, n);
      const Vec weighted = weight ? g * load_up_to(weight + i, n) : g;
      store_up_to(x_grad + r * channels + i, scale * (weighted - mean_grad - normal * mean_along), n);
    });
  }
}

}  // namespace earthcraft::EC_VARIANT
