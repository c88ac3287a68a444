// Attention of ragged token sets on a GPU: the twins of ops/attention.cpp. bf16 within windows has a kernel of its own; other bf16 with heads of
// whole 16 bytes goes to libtorch's FlashAttention-2 after its tokens have been put in order, or forward to cuDNN where sets are long and equally
// long; the rest goes to attention.cu. Shapes are checked, the values of order and starts are not: that would wait for the GPU at every layer.
// logsumexp here is [H, Nq], by place in the order, which only attention_backward reads.

#include "../attention.h"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/_flash_attention_backward.h>
#include <ATen/ops/_flash_attention_forward.h>
#include <ATen/ops/_scaled_dot_product_cudnn_attention.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <optional>
#include <tuple>

#include "../../ops/attention.h"
#include "../window_attention.h"
#include "element.h"
#include "launch.h"
#include "sets.h"

namespace earthcraft::gpu {
namespace {

using OptionalTensor = std::optional<at::Tensor>;

Tokens tokens_of(const at::Tensor& tensor, const at::Tensor& order) {
  return {const_cast<void*>(tensor.const_data_ptr()), tensor.stride(0), tensor.stride(1),
          order.defined() ? order.const_data_ptr<int64_t>() : nullptr};
}

// What both directions are given, checked.
struct Operands {
  at::Tensor q, k, v, order, q_starts, kv_starts;

  Operands(const at::Tensor& q_any, const at::Tensor& k_any, const at::Tensor& v_any, const OptionalTensor& order_any, const at::Tensor& q_starts_any,
           const at::Tensor& kv_starts_any) {
    check_attention_operands(q_any, k_any, v_any);
    q = dense_rows(q_any), k = dense_rows(k_any), v = dense_rows(v_any);
    q_starts = shaped_starts(starts_name("q_starts", q_starts_any, kv_starts_any), q_starts_any),
    kv_starts = shaped_starts("kv_starts", kv_starts_any);
    order = shaped_order(order_any, q.size(0));
    check_device("attention", q, {{"k", k}, {"v", v}, {"order", order}, {"q_starts", q_starts}, {"kv_starts", kv_starts}});
    check_attention_sets(q, k, order, q_starts, kv_starts);
  }

  int64_t sets() const { return q_starts.size(0) - 1; }
  int64_t heads() const { return q.size(1); }
  int64_t dim() const { return q.size(2); }

  Attention task(const at::Tensor& out, const at::Tensor& logsumexp, double scale) const {
    return {tokens_of(q, order),
            tokens_of(k, order),
            tokens_of(v, order),
            tokens_of(out, order),
            q_starts.const_data_ptr<int64_t>(),
            kv_starts.const_data_ptr<int64_t>(),
            sets(),
            q.size(0),
            k.size(0),
            heads(),
            dim(),
            scale,
            const_cast<void*>(logsumexp.const_data_ptr())};
  }
};

bool copies_whole(const at::Tensor& t) {
  return reinterpret_cast<uintptr_t>(t.const_data_ptr()) % 16 == 0 && t.size(2) % 8 == 0 && t.stride(0) % 8 == 0 && t.stride(1) % 8 == 0;
}

at::Tensor whole_copies(const at::Tensor& t) { return copies_whole(t) && t.stride(2) == 1 ? t : t.clone(at::MemoryFormat::Contiguous); }

bool for_flash(const Operands& o) {
  return o.q.scalar_type() == at::kBFloat16 && o.dim() > 0 && o.q.numel() > 0 && o.k.numel() > 0 && copies_whole(o.q) && copies_whole(o.k) &&
         copies_whole(o.v);
}

// Only starts that are the same memory are known to be equal without a look at their values.
bool of_themselves(const Operands& o) {
  return o.q_starts.const_data_ptr() == o.kv_starts.const_data_ptr() && o.q_starts.size(0) == o.kv_starts.size(0) && o.q.size(0) == o.k.size(0);
}

// Small sets that attend to themselves.
bool within_windows(const Operands& o, double scale) {
  return for_flash(o) && scale > 0 && window_head_dim(o.dim()) && of_themselves(o) && longest_set(o.q_starts) <= kMostOfWindow;
}

WindowOrder window_order(const at::Tensor& starts) {
  // Counting them is a wait for the GPU that most sets of voxels are spared.
  const int64_t long_sets = longest_set(starts) > kWindowRows ? sets_beyond(starts, kWindowRows) : 0;
  return {longest_first(starts).const_data_ptr<int64_t>(), long_sets};
}

// cuDNN's forward is a third faster than FlashAttention-2 on long sets, and makes a plan for every length that it has not met: for sets of one
// length.
constexpr int64_t kLongSet = 1024, kMostCudnnDim = 128;

// The common length of all sets, or 0.
int64_t common_length(const at::Tensor& starts, int64_t tokens) {
  const int64_t sets = starts.size(0) - 1, longest = longest_set(starts);
  return longest * sets == tokens ? longest : 0;
}

// out and logsumexp [H, Nq] as FlashAttention's; nothing where cuDNN is not there or does not take it.
std::optional<std::tuple<at::Tensor, at::Tensor>> by_cudnn(const Operands& o, double scale) {
  static bool refused = false;
  if (refused || o.order.defined() || o.dim() > kMostCudnnDim || !at::globalContext().userEnabledCuDNN()) return std::nullopt;
  const int64_t queries = common_length(o.q_starts, o.q.size(0)), keys = common_length(o.kv_starts, o.k.size(0));
  if (queries < kLongSet || keys < kLongSet) return std::nullopt;
  const auto batched = [&](const at::Tensor& tokens, int64_t length) { return tokens.view({o.sets(), length, o.heads(), o.dim()}).transpose(1, 2); };
  try {
    const auto found = at::_scaled_dot_product_cudnn_attention(batched(o.q, queries), batched(o.k, keys), batched(o.v, keys), std::nullopt,
                                                               /*compute_log_sumexp=*/true, /*dropout_p=*/0.0, /*is_causal=*/false,
                                                               /*return_debug_mask=*/false, scale);
    return std::tuple(std::get<0>(found).transpose(1, 2).reshape(o.q.sizes()),
                      std::get<1>(found).view({o.sets(), o.heads(), queries}).transpose(0, 1).reshape({o.heads(), o.q.size(0)}));
  } catch (const c10::Error&) {  // no cuDNN, or none of its plans suits this GPU: FlashAttention does
    refused = true;
    return std::nullopt;
  }
}

// [N, H, D] in order, dense
at::Tensor in_order(const at::Tensor& tokens, const at::Tensor& order, const OnDevice& on) {
  if (!order.defined()) return tokens;
  at::Tensor dense = at::empty(tokens.sizes(), tokens.options());
  gather_tokens(tokens_of(tokens, order), tokens.size(0), tokens.size(1), tokens.size(2), dense.mutable_data_ptr(), on.stream());
  on.launched();
  return dense;
}

void put_back(const at::Tensor& dense_any, const at::Tensor& order, const at::Tensor& tokens, const OnDevice& on) {
  const at::Tensor dense = dense_any.contiguous();
  scatter_tokens(dense.const_data_ptr(), tokens.size(0), tokens.size(1), tokens.size(2), tokens_of(tokens, order), on.stream());
  on.launched();
}

at::ScalarType sum_type(const at::Tensor& q) { return q.scalar_type() == at::kDouble ? at::kDouble : at::kFloat; }

std::tuple<at::Tensor, at::Tensor> forward_op(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const OptionalTensor& order,
                                              const at::Tensor& q_starts, const at::Tensor& kv_starts, double scale) {
  const Operands o(q, k, v, order, q_starts, kv_starts);
  const OnDevice on(o.q);
  at::Tensor out = at::empty(o.q.sizes(), o.q.options());
  if (within_windows(o, scale)) {
    at::Tensor logsumexp = at::empty({o.heads(), o.q.size(0)}, o.q.options().dtype(at::kFloat));
    window_attention_forward(o.task(out, logsumexp, scale), window_order(o.q_starts), on.stream());
    on.launched();
    return {out, logsumexp};
  }
  if (for_flash(o)) {
    if (auto found = by_cudnn(o, scale)) return *found;
    const auto found = at::_flash_attention_forward(
        in_order(o.q, o.order, on), in_order(o.k, o.order, on), in_order(o.v, o.order, on), o.q_starts.to(at::kInt), o.kv_starts.to(at::kInt),
        longest_set(o.q_starts), longest_set(o.kv_starts), /*dropout_p=*/0.0, /*is_causal=*/false, /*return_debug_mask=*/false, scale);
    put_back(std::get<0>(found), o.order, out, on);
    return {out, std::get<1>(found)};
  }
  at::Tensor logsumexp = at::empty({o.heads(), o.q.size(0)}, o.q.options().dtype(sum_type(o.q)));
  const Element element = element_of("attention", o.q);
  const at::Tensor tiles = tiles_of_sets(o.q_starts, attention_tile(element));
  attention_forward(element, o.task(out, logsumexp, scale), tiles.const_data_ptr<int64_t>(), on.stream());
  on.launched();
  return {out, logsumexp};
}

// FlashAttention's backward adds with atomics unless it is told that sums shall be the same on every run.
struct Repeatable {
  const bool on = at::globalContext().deterministicAlgorithms(), warns = at::globalContext().deterministicAlgorithmsWarnOnly();
  Repeatable() { at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/false); }
  ~Repeatable() { at::globalContext().setDeterministicAlgorithms(on, warns); }
};

// Writes into grads that may be parts of one packed tensor.
void backward_into(const at::Tensor& out_grad_any, const Operands& o, const at::Tensor& out, const at::Tensor& logsumexp, double scale,
                   const at::Tensor& q_grad, const at::Tensor& k_grad, const at::Tensor& v_grad) {
  check_attention_grad(out_grad_any, o.q);
  TORCH_CHECK(out.sizes() == o.q.sizes() && out.scalar_type() == o.q.scalar_type() && logsumexp.numel() >= o.q.size(0) * o.heads(),
              "attention_backward: out and logsumexp must be those of attention_forward");
  check_device("attention_backward", o.q, {{"out_grad", out_grad_any}, {"out", out}, {"logsumexp", logsumexp}});
  const OnDevice on(o.q);
  const bool flash = for_flash(o);
  const at::Tensor out_grad = flash ? whole_copies(out_grad_any) : dense_rows(out_grad_any), dense_out = flash ? whole_copies(out) : dense_rows(out);
  const auto task = [&](const at::Tensor& inner) -> AttentionGrad {
    return {o.task(dense_out, logsumexp, scale), tokens_of(out_grad, o.order), tokens_of(q_grad, o.order),
            tokens_of(k_grad, o.order),          tokens_of(v_grad, o.order),   inner.defined() ? inner.mutable_data_ptr() : nullptr};
  };
  if (within_windows(o, scale)) {
    window_attention_backward(task({}), window_order(o.q_starts), on.stream());
    on.launched();
    return;
  }
  if (flash) {
    const Repeatable sums;
    const at::Tensor no_random = at::empty({2}, o.q.options().dtype(at::kUInt64)), unused = at::empty({}, o.q.options().dtype(at::kUInt64));
    const auto [dq, dk, dv] = at::_flash_attention_backward(
        in_order(out_grad, o.order, on), in_order(o.q, o.order, on), in_order(o.k, o.order, on), in_order(o.v, o.order, on),
        in_order(dense_out, o.order, on), logsumexp, o.q_starts.to(at::kInt), o.kv_starts.to(at::kInt), longest_set(o.q_starts),
        longest_set(o.kv_starts), /*dropout_p=*/0.0, /*is_causal=*/false, no_random, unused, scale);
    put_back(dq, o.order, q_grad, on), put_back(dk, o.order, k_grad, on), put_back(dv, o.order, v_grad, on);
    return;
  }
  const Element element = element_of("attention", o.q);
  const int64_t tile = attention_tile(element);
  const at::Tensor inner = at::empty({o.heads(), o.q.size(0)}, o.q.options().dtype(sum_type(o.q)));
  const at::Tensor q_tiles = tiles_of_sets(o.q_starts, tile), kv_tiles = tiles_of_sets(o.kv_starts, tile);
  attention_backward(element, task(inner), q_tiles.const_data_ptr<int64_t>(), kv_tiles.const_data_ptr<int64_t>(), on.stream());
  on.launched();
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> backward_op(const at::Tensor& out_grad, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                                           const at::Tensor& out, const at::Tensor& logsumexp, const OptionalTensor& order,
                                                           const at::Tensor& q_starts, const at::Tensor& kv_starts, double scale) {
  const at::Tensor q_grad = at::empty(q.sizes(), q.options()), k_grad = at::empty(k.sizes(), k.options()), v_grad = at::empty(v.sizes(), v.options());
  backward_into(out_grad, Operands(q, k, v, order, q_starts, kv_starts), out, logsumexp, scale, q_grad, k_grad, v_grad);
  return {q_grad, k_grad, v_grad};
}

at::Tensor backward_packed_op(const at::Tensor& out_grad, const at::Tensor& qkv, const at::Tensor& out, const at::Tensor& logsumexp,
                              const OptionalTensor& order, const at::Tensor& starts, double scale) {
  const at::Tensor grad = at::empty(qkv.sizes(), qkv.options());
  backward_into(out_grad, Operands(qkv.select(1, 0), qkv.select(1, 1), qkv.select(1, 2), order, starts, starts), out, logsumexp, scale,
                grad.select(1, 0), grad.select(1, 1), grad.select(1, 2));
  return grad;
}

}  // namespace
}  // namespace earthcraft::gpu

TORCH_LIBRARY_IMPL(earthcraft, CUDA, m) {
  using namespace earthcraft::gpu;
  m.impl("attention_forward", &forward_op);
  m.impl("attention_backward", &backward_op);
  m.impl("attention_backward_packed", &backward_packed_op);
}
