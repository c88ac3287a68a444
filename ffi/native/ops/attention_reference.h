// Ragged attention as its definition says, a score row at a time: what the fast kernel is tested against, and what float64 runs.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace earthcraft {

// q, out [Nq, H, D], k, v [Nk, H, D] contiguous; orders may be null (identity).
template <typename T>
struct AttentionReference {
  const T *q, *k, *v;
  const int64_t *q_order, *kv_order, *q_starts, *kv_starts;
  int64_t sets, heads, dim;
  T scale;

  int64_t at(const int64_t* order, int64_t token, int64_t head) const { return ((order ? order[token] : token) * heads + head) * dim; }

  static T dot(const T* a, const T* b, int64_t n) {
    T total = 0;
    for (int64_t d = 0; d < n; ++d) total += a[d] * b[d];
    return total;
  }

  template <typename Visit>
  void each_row(Visit&& visit) const {
    std::vector<T> weights;
    for (int64_t set = 0; set < sets; ++set)
      for (int64_t head = 0; head < heads; ++head)
        for (int64_t i = q_starts[set]; i < q_starts[set + 1]; ++i) {
          const int64_t first = kv_starts[set], keys = kv_starts[set + 1] - first;
          weights.resize(keys);
          T most = -std::numeric_limits<T>::infinity(), total = 0;
          for (int64_t j = 0; j < keys; ++j) {
            weights[j] = scale * dot(q + at(q_order, i, head), k + at(kv_order, first + j, head), dim);
            most = std::max(most, weights[j]);
          }
          for (T& w : weights) total += w = std::exp(w - most);
          for (T& w : weights) w /= total;
          visit(at(q_order, i, head), head, first, weights);
        }
  }

  void forward(T* out) const {
    each_row([&](int64_t row, int64_t head, int64_t first, const std::vector<T>& weights) {
      std::fill(out + row, out + row + dim, T(0));
      for (size_t j = 0; j < weights.size(); ++j)
        for (int64_t d = 0; d < dim; ++d) out[row + d] += weights[j] * v[at(kv_order, first + j, head) + d];
    });
  }

  void backward(const T* out_grad, T* q_grad, T* k_grad, T* v_grad) const {
    each_row([&](int64_t row, int64_t head, int64_t first, const std::vector<T>& weights) {
      T mean = 0;
      for (size_t j = 0; j < weights.size(); ++j) mean += weights[j] * dot(out_grad + row, v + at(kv_order, first + j, head), dim);
      for (size_t j = 0; j < weights.size(); ++j) {
        const int64_t key = at(kv_order, first + j, head);
        const T score_grad = scale * weights[j] * (dot(out_grad + row, v + key, dim) - mean);
        for (int64_t d = 0; d < dim; ++d) {
          q_grad[row + d] += score_grad * k[key + d];
          k_grad[key + d] += score_grad * q[row + d];
          v_grad[key + d] += weights[j] * out_grad[row + d];
        }
      }
    });
  }
};

}  // namespace earthcraft
