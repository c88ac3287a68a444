#include "modulation.h"

#include "rows.h"

namespace earthcraft::EC_VARIANT {

void gated_add_forward(const float* x, const float* gate, const float* y, int64_t begin, int64_t end, int64_t channels, float* out) {
  for (int64_t at = begin * channels; at < end * channels; at += channels)
    each_vector(channels, [&](int64_t i, int64_t n) {
      store_up_to(out + at + i, load_up_to(x + at + i, n) + load_up_to(gate + i, n) * load_up_to(y + at + i, n), n);
    });
}

void gated_add_backward(const float* out_grad, const float* gate, const float* y, int64_t begin, int64_t end, int64_t channels, float* y_grad,
                        float* gate_grad) {
  for (int64_t at = begin * channels; at < end * channels; at += channels)
    each_vector(channels, [&](int64_t i, int64_t n) {
      const Vec g = load_up_to(out_grad + at + i, n);
      store_up_to(y_grad + at + i, g * load_up_to(gate + i, n), n);
      store_up_to(gate_grad + i, load_up_to(gate_grad + i, n) + g * load_up_to(y + at + i, n), n);
    });
}

void head_norm_forward(const Heads& t, int64_t begin, int64_t end, float* out, float* inverse) {
  const float root = __builtin_sqrtf(static_cast<float>(t.dim));
  for (int64_t row = begin; row < end; ++row)
    for (int64_t head = 0; head < t.heads; ++head) {
      const float* x = t.x + row * t.row_stride + head * t.head_stride;
      const float* gamma = t.gamma + head * t.dim;
      float* to = out + (row * t.heads + head) * t.dim;
      Vec squares{};
      each_vector(t.dim, [&](int64_t i, int64_t n) {
        const Vec v = load_up_to(x + i, n);
        squares += v * v;
      });
      const float length = __builtin_sqrtf(sum(squares));
      const float shrink = 1.0f / (length < 1e-12f ? 1e-12f : length);
      inverse[row * t.heads + head] = shrink;
      const Vec scale = splat(shrink * root);
      each_vector(t.dim, [&](int64_t i, int64_t n) { store_up_to(to + i, load_up_to(x + i, n) * scale * load_up_to(gamma + i, n), n); });
    }
}

void head_norm_backward(const Heads& t, const float* inverse, const float* out_grad, int64_t begin, int64_t end, float* x_grad, float* gamma_grad) {
  const Vec root = splat(__builtin_sqrtf(static_cast<float>(t.dim)));
  for (int64_t row = begin; row < end; ++row)
    for (int64_t head = 0; head < t.heads; ++head) {
      const float* x = t.x + row * t.row_stride + head * t.head_stride;
      const float* gamma = t.gamma + head * t.dim;
      const float* grad = out_grad + (row * t.heads + head) * t.dim;
      float* to = x_grad + (row * t.heads + head) * t.dim;
      float* gamma_to = gamma_grad + head * t.dim;
      const Vec shrink = splat(inverse[row * t.heads + head]);
      Vec along{};
      each_vector(t.dim, [&](int64_t i, int64_t n) {
        const Vec unit = load_up_to(x + i, n) * shrink, g = load_up_to(grad + i, n) * root;
        along += g * load_up_to(gamma + i, n) * unit;
        store_up_to(gamma_to + i, load_up_to(gamma_to + i, n) + g * unit, n);
      });
      const Vec shared = splat(sum(along));
      each_vector(t.dim, [&](int64_t i, int64_t n) {
        const Vec unit = load_up_to(x + i, n) * shrink, g = load_up_to(grad + i, n) * root;
        store_up_to(to + i, shrink * (g * load_up_to(gamma + i, n) - unit * shared), n);
      });
    }
}

}  // namespace earthcraft::EC_VARIANT
