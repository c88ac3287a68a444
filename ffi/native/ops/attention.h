// What attention asks of its arguments on every device: shapes and types. Values of order and starts are looked at on the CPU only.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "../kernels/head_dim.h"

namespace earthcraft {

inline at::Tensor dense_rows(const at::Tensor& tensor) { return tensor.stride(-1) == 1 || tensor.size(-1) <= 1 ? tensor : tensor.contiguous(); }

inline void check_attention_operands(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
  TORCH_CHECK(q.dim() == 3 && k.dim() == 3 && v.dim() == 3, "attention: q, k, v must be [tokens, heads, head_dim], got q ", q.sizes(), ", k ",
              k.sizes(), ", v ", v.sizes());
  TORCH_CHECK(k.sizes() == v.sizes() && q.size(1) == k.size(1) && q.size(2) == k.size(2), "attention: q ", q.sizes(), ", k ", k.sizes(), ", v ",
              v.sizes(), " do not match in tokens, heads or head_dim");
  TORCH_CHECK(q.scalar_type() == k.scalar_type() && q.scalar_type() == v.scalar_type(), "attention: q is ", q.scalar_type(), ", k ", k.scalar_type(),
              ", v ", v.scalar_type());
  TORCH_CHECK(q.scalar_type() == at::kFloat || q.scalar_type() == at::kDouble || q.scalar_type() == at::kBFloat16,
              "attention: q must be f32, bf16 or f64, got ", q.scalar_type());
  TORCH_CHECK(q.size(2) <= kMaxHeadDim, "attention: head_dim is ", q.size(2), ", at most ", kMaxHeadDim, " is possible");
}

// Windows have one tensor of starts, which their operators call so.
inline const char* starts_name(const char* name, const at::Tensor& q_starts, const at::Tensor& kv_starts) {
  return q_starts.is_same(kv_starts) ? "starts" : name;
}

inline at::Tensor shaped_starts(const char* argument, const at::Tensor& starts) {
  TORCH_CHECK(starts.dim() == 1 && starts.size(0) >= 1 && starts.scalar_type() == at::kLong, "attention: ", argument,
              " must be int64 [sets + 1], got ", starts.scalar_type(), " ", starts.sizes());
  return starts.contiguous();
}

inline at::Tensor shaped_order(const std::optional<at::Tensor>& order, int64_t tokens) {
  if (!order.has_value()) return {};
  TORCH_CHECK(order->dim() == 1 && order->scalar_type() == at::kLong && order->size(0) == tokens, "attention: order must be int64 [", tokens,
              "], got ", order->scalar_type(), " ", order->sizes());
  return order->contiguous();
}

inline void check_attention_sets(const at::Tensor& q, const at::Tensor& k, const at::Tensor& order, const at::Tensor& q_starts,
                                 const at::Tensor& kv_starts) {
  TORCH_CHECK(q_starts.size(0) == kv_starts.size(0), "attention: ", q_starts.size(0) - 1, " sets of queries, but ", kv_starts.size(0) - 1,
              " sets of keys");
  TORCH_CHECK(!order.defined() || q.size(0) == k.size(0), "attention: an order needs as many queries as keys, got ", q.size(0), " and ", k.size(0));
}

inline void check_attention_grad(const at::Tensor& out_grad, const at::Tensor& q) {
  TORCH_CHECK(out_grad.sizes() == q.sizes() && out_grad.scalar_type() == q.scalar_type(), "attention_backward: out_grad must be ", q.scalar_type(),
              " ", q.sizes(), ", got ", out_grad.scalar_type(), " ", out_grad.sizes());
}

}  // namespace earthcraft
