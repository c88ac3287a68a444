// Attention over ragged sets of tokens, no padding and no score matrix: inside windows of voxels, over whole scenes, and across two token lists.
//
// Shapes:  q [Nq, H, D], k, v [Nk, H, D] (any strides, last dimension dense), out [Nq, H, D].
//          order [N] int64 lists tokens set after set (absent: as they stand), starts [S + 1] int64 where each set begins.
// f32 and bf16 run the blocked kernel (sums f32), long sets in bf16 one on libtorch's products where the processor has tiles, f64 the plain
// reference. A query whose set has no keys gets 0. window_attention, window_attention_packed and ragged_attention are what layers call;
// attention_forward and attention_backward carry the devices' work.

#include "../kernels/attention.h"

#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/native/CPUBlas.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <vector>

#include "attention.h"
#include "attention_reference.h"
#include "autocast.h"
#include "bf16_tiles.h"
#include "scratch.h"

namespace earthcraft {
namespace {

using OptionalTensor = std::optional<at::Tensor>;

constexpr int64_t kWideLeast = 256;  // tokens of the longest set from which on bf16 is packed

at::Tensor checked_starts(const char* argument, const at::Tensor& starts, int64_t tokens) {
  at::Tensor dense = shaped_starts(argument, starts);
  const int64_t* s = dense.const_data_ptr<int64_t>();
  TORCH_CHECK_INDEX(s[0] == 0 && s[starts.size(0) - 1] == tokens && std::is_sorted(s, s + starts.size(0)), "attention: ", argument,
                    " must ascend from 0 to ", tokens, " tokens, got ", s[0], " to ", s[starts.size(0) - 1]);
  return dense;
}

at::Tensor checked_order(const OptionalTensor& order, int64_t tokens) {
  at::Tensor dense = shaped_order(order, tokens);
  if (!dense.defined()) return {};
  const int64_t* o = dense.const_data_ptr<int64_t>();
  std::vector<char> seen(tokens);
  for (int64_t i = 0; i < tokens; ++i) {
    TORCH_CHECK_INDEX(o[i] >= 0 && o[i] < tokens && !seen[o[i]], "attention: order must hold every row below ", tokens, " once, but entry ", i,
                      " is ", o[i]);
    seen[o[i]] = 1;
  }
  return dense;
}

Tokens tokens_of(const at::Tensor& tensor, const at::Tensor& order) {
  return {const_cast<void*>(tensor.const_data_ptr()), tensor.stride(0), tensor.stride(1),
          order.defined() ? order.const_data_ptr<int64_t>() : nullptr};
}

int64_t longest(const at::Tensor& starts) {
  const int64_t* s = starts.const_data_ptr<int64_t>();
  int64_t most = 0;
  for (int64_t i = 1; i < starts.size(0); ++i) most = std::max(most, s[i] - s[i - 1]);
  return most;
}

// Queries of a task: as many as leave every thread some tasks.
int64_t query_chunk(const at::Tensor& starts, int64_t heads) {
  const int64_t* s = starts.const_data_ptr<int64_t>();
  const auto tasks = [&](int64_t chunk) {
    int64_t count = 0;
    for (int64_t set = 0; set + 1 < starts.size(0); ++set) count += heads * ((s[set + 1] - s[set] + chunk - 1) / chunk);
    return count;
  };
  int64_t chunk = kQueryChunk;
  while (chunk > kLeastQueryChunk && tasks(chunk) < 8 * at::get_num_threads()) chunk /= 2;
  return chunk;
}

// Tasks a thread takes at least: some 2 MFLOP of work.
int64_t task_grain(const at::Tensor& q_starts, const at::Tensor& kv_starts, int64_t heads, int64_t dim, int64_t tasks) {
  const int64_t* q = q_starts.const_data_ptr<int64_t>();
  const int64_t* k = kv_starts.const_data_ptr<int64_t>();
  double work = 1;
  for (int64_t s = 0; s + 1 < q_starts.size(0); ++s)
    work += 4.0 * static_cast<double>(q[s + 1] - q[s]) * static_cast<double>(k[s + 1] - k[s]) * static_cast<double>(heads * dim);
  return std::max<int64_t>(1, static_cast<int64_t>(2e6 * static_cast<double>(tasks) / work));
}

void bf16_product(int64_t rows, int64_t columns, int64_t depth, int64_t a_stride, int64_t b_stride, int64_t c_stride, bool add, const uint16_t* a,
                  const uint16_t* b, float* c) {
  at::native::cpublas::brgemm(rows, columns, depth, a_stride, b_stride, c_stride, add, reinterpret_cast<const at::BFloat16*>(a),
                              reinterpret_cast<const at::BFloat16*>(b), c);
}

template <typename T>
AttentionReference<T> reference_of(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& q_order,
                                   const at::Tensor& kv_order, const at::Tensor& q_starts, const at::Tensor& kv_starts, double scale) {
  const auto rows = [](const at::Tensor& t) { return t.defined() ? t.const_data_ptr<int64_t>() : nullptr; };
  return {q.const_data_ptr<T>(), k.const_data_ptr<T>(), v.const_data_ptr<T>(), rows(q_order), rows(kv_order),
          rows(q_starts),        rows(kv_starts),       q_starts.size(0) - 1,  q.size(1),     q.size(2),
          static_cast<T>(scale)};
}

// out and logsumexp [Nq, H] f32 (empty in f64). `order` serves q, k and v alike: a self-attention's.
std::tuple<at::Tensor, at::Tensor> attention_forward(const at::Tensor& q_any, const at::Tensor& k_any, const at::Tensor& v_any,
                                                     const OptionalTensor& order_any, const at::Tensor& q_starts_any, const at::Tensor& kv_starts_any,
                                                     double scale) {
  check_attention_operands(q_any, k_any, v_any);
  const at::Tensor q = dense_rows(q_any), k = dense_rows(k_any), v = dense_rows(v_any);
  const at::Tensor q_starts = checked_starts(starts_name("q_starts", q_starts_any, kv_starts_any), q_starts_any, q.size(0)),
                   kv_starts = checked_starts("kv_starts", kv_starts_any, k.size(0)), order = checked_order(order_any, q.size(0));
  check_attention_sets(q, k, order, q_starts, kv_starts);
  at::Tensor out = at::empty(q.sizes(), q.options());
  if (q.scalar_type() == at::kDouble) {
    reference_of<double>(q.contiguous(), k.contiguous(), v.contiguous(), order, order, q_starts, kv_starts, scale)
        .forward(out.mutable_data_ptr<double>());
    return {out, at::empty({0}, q.options())};
  }
  const int64_t heads = q.size(1);
  at::Tensor logsumexp = at::empty({q.size(0), heads}, q.options().dtype(at::kFloat));
  const int64_t* qs = q_starts.const_data_ptr<int64_t>();
  // Packing is worth its time where many queries read what was packed.
  const bool wide = q.scalar_type() == at::kBFloat16 && q.size(2) > 0 && q.size(2) % 32 == 0 && scale > 0 && longest(kv_starts) >= kWideLeast &&
                    longest(q_starts) >= kWideLeast && has_bf16_tiles();
  const int64_t most = wide ? kWideQueryChunk : query_chunk(q_starts, heads);
  struct Chunk {
    int64_t set, begin, end;
  };
  std::vector<Chunk> chunks;
  for (int64_t set = 0; set + 1 < q_starts.size(0); ++set) {
    // Of equal size, for threads to have the same, and of whole register tiles.
    const int64_t queries = qs[set + 1] - qs[set], count = std::max<int64_t>(1, (queries + most - 1) / most);
    const int64_t step = std::min(most, ((queries + count - 1) / count + 11) / 12 * 12);
    for (int64_t begin = 0; begin < queries; begin += step) chunks.push_back({set, begin, std::min(begin + step, queries)});
  }
  const Attention task{tokens_of(q, order),
                       tokens_of(k, order),
                       tokens_of(v, order),
                       tokens_of(out, order),
                       q.scalar_type() == at::kBFloat16,
                       qs,
                       kv_starts.const_data_ptr<int64_t>(),
                       heads,
                       q.size(2),
                       static_cast<float>(scale),
                       logsumexp.mutable_data_ptr<float>()};
  const int64_t scratch =
      wide ? attention_wide_scratch(q.size(2)) : attention_forward_scratch(q.size(2), std::min(most, longest(q_starts)), longest(kv_starts));
  const int64_t tasks = static_cast<int64_t>(chunks.size()) * heads;
  const auto kernel = EC_KERNEL(attention_forward);
  const auto wide_kernel = EC_KERNEL(attention_forward_wide);
  at::parallel_for(0, tasks, task_grain(q_starts, kv_starts, heads, q.size(2), tasks), [&](int64_t begin, int64_t end) {
    float* working = thread_scratch(scratch);
    for (int64_t i = begin; i < end; ++i) {
      const Chunk& chunk = chunks[i / heads];
      if (wide)
        wide_kernel(task, chunk.set, i % heads, chunk.begin, chunk.end, bf16_product, working);
      else
        kernel(task, chunk.set, i % heads, chunk.begin, chunk.end, working);
    }
    if (wide) at::native::cpublas::brgemm_release();
  });
  return {out, logsumexp};
}

// Writes into grads that may be parts of one packed tensor.
void backward_into(const at::Tensor& out_grad_any, const at::Tensor& q_any, const at::Tensor& k_any, const at::Tensor& v_any, const at::Tensor& out,
                   const at::Tensor& logsumexp, const OptionalTensor& order_any, const at::Tensor& q_starts_any, const at::Tensor& kv_starts_any,
                   double scale, const at::Tensor& q_grad, const at::Tensor& k_grad, const at::Tensor& v_grad) {
  check_attention_operands(q_any, k_any, v_any);
  check_attention_grad(out_grad_any, q_any);
  const at::Tensor q = dense_rows(q_any), k = dense_rows(k_any), v = dense_rows(v_any), out_grad = dense_rows(out_grad_any);
  const at::Tensor q_starts = checked_starts(starts_name("q_starts", q_starts_any, kv_starts_any), q_starts_any, q.size(0)),
                   kv_starts = checked_starts("kv_starts", kv_starts_any, k.size(0)), order = checked_order(order_any, q.size(0));
  if (q.scalar_type() == at::kDouble) {
    at::Tensor dq = at::zeros(q.sizes(), q.options()), dk = at::zeros(k.sizes(), k.options()), dv = at::zeros(v.sizes(), v.options());
    reference_of<double>(q.contiguous(), k.contiguous(), v.contiguous(), order, order, q_starts, kv_starts, scale)
        .backward(out_grad.contiguous().const_data_ptr<double>(), dq.mutable_data_ptr<double>(), dk.mutable_data_ptr<double>(),
                  dv.mutable_data_ptr<double>());
    q_grad.copy_(dq), k_grad.copy_(dk), v_grad.copy_(dv);
    return;
  }
  const int64_t heads = q.size(1), sets = q_starts.size(0) - 1;
  TORCH_CHECK(logsumexp.is_contiguous() && logsumexp.numel() == q.size(0) * heads && logsumexp.scalar_type() == at::kFloat &&
                  out.sizes() == q.sizes() && out.scalar_type() == q.scalar_type(),
              "attention_backward: out and logsumexp must be those of attention_forward");
  const at::Tensor dense_out = dense_rows(out);
  const Attention forward{tokens_of(q, order),
                          tokens_of(k, order),
                          tokens_of(v, order),
                          tokens_of(dense_out, order),
                          q.scalar_type() == at::kBFloat16,
                          q_starts.const_data_ptr<int64_t>(),
                          kv_starts.const_data_ptr<int64_t>(),
                          heads,
                          q.size(2),
                          static_cast<float>(scale),
                          const_cast<float*>(logsumexp.const_data_ptr<float>())};
  const AttentionGrad task{forward, tokens_of(out_grad, order), tokens_of(q_grad, order), tokens_of(k_grad, order), tokens_of(v_grad, order)};
  const int64_t scratch = attention_backward_scratch(q.size(2), longest(q_starts), longest(kv_starts));
  const auto kernel = EC_KERNEL(attention_backward);
  at::parallel_for(0, sets * heads, task_grain(q_starts, kv_starts, heads, q.size(2), sets * heads), [&](int64_t begin, int64_t end) {
    float* working = thread_scratch(scratch);
    for (int64_t i = begin; i < end; ++i) kernel(task, i / heads, i % heads, working);
  });
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> attention_backward(const at::Tensor& out_grad, const at::Tensor& q, const at::Tensor& k,
                                                                  const at::Tensor& v, const at::Tensor& out, const at::Tensor& logsumexp,
                                                                  const OptionalTensor& order, const at::Tensor& q_starts,
                                                                  const at::Tensor& kv_starts, double scale) {
  const at::Tensor q_grad = at::empty(q.sizes(), q.options()), k_grad = at::empty(k.sizes(), k.options()), v_grad = at::empty(v.sizes(), v.options());
  backward_into(out_grad, q, k, v, out, logsumexp, order, q_starts, kv_starts, scale, q_grad, k_grad, v_grad);
  return {q_grad, k_grad, v_grad};
}

at::Tensor attention_backward_packed(const at::Tensor& out_grad, const at::Tensor& qkv, const at::Tensor& out, const at::Tensor& logsumexp,
                                     const OptionalTensor& order, const at::Tensor& starts, double scale) {
  const at::Tensor grad = at::empty(qkv.sizes(), qkv.options());
  backward_into(out_grad, qkv.select(1, 0), qkv.select(1, 1), qkv.select(1, 2), out, logsumexp, order, starts, starts, scale, grad.select(1, 0),
                grad.select(1, 1), grad.select(1, 2));
  return grad;
}

std::tuple<at::Tensor, at::Tensor> call_forward(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const OptionalTensor& order,
                                                const at::Tensor& q_starts, const at::Tensor& kv_starts, double scale) {
  static const auto op = c10::Dispatcher::singleton().findSchemaOrThrow("earthcraft::attention_forward", "").typed<decltype(attention_forward)>();
  return op.call(q, k, v, order, q_starts, kv_starts, scale);
}

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

OptionalTensor given(const at::Tensor& tensor) { return tensor.defined() ? OptionalTensor(tensor) : std::nullopt; }

struct AttentionFunction : torch::autograd::Function<AttentionFunction> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const OptionalTensor& order,
                            const at::Tensor& q_starts, const at::Tensor& kv_starts, double scale) {
    at::AutoDispatchBelowADInplaceOrView guard;
    auto [out, logsumexp] = call_forward(q, k, v, order, q_starts, kv_starts, scale);
    ctx->save_for_backward({q, k, v, out, logsumexp, order.value_or(at::Tensor()), q_starts, kv_starts});
    ctx->saved_data["scale"] = scale;
    return out;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const variable_list s = ctx->get_saved_variables();
    static const auto op = c10::Dispatcher::singleton().findSchemaOrThrow("earthcraft::attention_backward", "").typed<decltype(attention_backward)>();
    variable_list result(7);
    std::tie(result[0], result[1], result[2]) =
        op.call(grads[0], s[0], s[1], s[2], s[3], s[4], given(s[5]), s[6], s[7], ctx->saved_data["scale"].toDouble());
    return result;
  }
};

struct PackedAttentionFunction : torch::autograd::Function<PackedAttentionFunction> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& qkv, const OptionalTensor& order, const at::Tensor& starts, double scale) {
    at::AutoDispatchBelowADInplaceOrView guard;
    auto [out, logsumexp] = call_forward(qkv.select(1, 0), qkv.select(1, 1), qkv.select(1, 2), order, starts, starts, scale);
    ctx->save_for_backward({qkv, out, logsumexp, order.value_or(at::Tensor()), starts});
    ctx->saved_data["scale"] = scale;
    return out;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const variable_list s = ctx->get_saved_variables();
    static const auto op =
        c10::Dispatcher::singleton().findSchemaOrThrow("earthcraft::attention_backward_packed", "").typed<decltype(attention_backward_packed)>();
    variable_list result(4);
    result[0] = op.call(grads[0], s[0], s[1], s[2], given(s[3]), s[4], ctx->saved_data["scale"].toDouble());
    return result;
  }
};

double scale_of(std::optional<double> scale, const at::Tensor& q) {
  TORCH_CHECK(q.dim() > 0, "attention: q must be [tokens, heads, head_dim], got ", q.sizes());
  return scale.value_or(1.0 / std::sqrt(static_cast<double>(std::max<int64_t>(1, q.size(-1)))));
}

void check_packed(const at::Tensor& qkv) {
  TORCH_CHECK(qkv.dim() == 4 && qkv.size(1) == 3, "window_attention_packed: qkv must be [N, 3, heads, head_dim], got ", qkv.sizes());
  TORCH_CHECK(qkv.scalar_type() == at::kFloat || qkv.scalar_type() == at::kDouble || qkv.scalar_type() == at::kBFloat16,
              "window_attention_packed: qkv must be f32, bf16 or f64, got ", qkv.scalar_type());
}

// Without gradients the autograd key is not in play (inference mode): the same arithmetic, nothing saved.
at::Tensor window_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& order, const at::Tensor& starts,
                            std::optional<double> scale) {
  return std::get<0>(call_forward(q, k, v, order, starts, starts, scale_of(scale, q)));
}
at::Tensor window_attention_packed(const at::Tensor& qkv, const at::Tensor& order, const at::Tensor& starts, std::optional<double> scale) {
  check_packed(qkv);
  return std::get<0>(call_forward(qkv.select(1, 0), qkv.select(1, 1), qkv.select(1, 2), order, starts, starts, scale_of(scale, qkv)));
}
at::Tensor ragged_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& q_starts, const at::Tensor& kv_starts,
                            std::optional<double> scale) {
  return std::get<0>(call_forward(q, k, v, std::nullopt, q_starts, kv_starts, scale_of(scale, q)));
}

at::Tensor window_attention_autograd(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& order, const at::Tensor& starts,
                                     std::optional<double> scale) {
  return AttentionFunction::apply(q, k, v, OptionalTensor(order), starts, starts, scale_of(scale, q));
}
at::Tensor window_attention_packed_autograd(const at::Tensor& qkv, const at::Tensor& order, const at::Tensor& starts, std::optional<double> scale) {
  check_packed(qkv);
  return PackedAttentionFunction::apply(qkv, OptionalTensor(order), starts, scale_of(scale, qkv));
}
at::Tensor ragged_attention_autograd(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& q_starts,
                                     const at::Tensor& kv_starts, std::optional<double> scale) {
  return AttentionFunction::apply(q, k, v, OptionalTensor(), q_starts, kv_starts, scale_of(scale, q));
}

template <typename Signature>
auto redispatch(const char* name) {
  return c10::Dispatcher::singleton().findSchemaOrThrow(name, "").typed<Signature>();
}

template <c10::DeviceType device>
at::Tensor window_attention_autocast(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& order, const at::Tensor& starts,
                                     std::optional<double> scale) {
  static const auto op = redispatch<decltype(window_attention)>("earthcraft::window_attention");
  const NoAutocast<device> guard;
  return op.call(lowered(q, device), lowered(k, device), lowered(v, device), order, starts, scale);
}
template <c10::DeviceType device>
at::Tensor window_attention_packed_autocast(const at::Tensor& qkv, const at::Tensor& order, const at::Tensor& starts, std::optional<double> scale) {
  static const auto op = redispatch<decltype(window_attention_packed)>("earthcraft::window_attention_packed");
  const NoAutocast<device> guard;
  return op.call(lowered(qkv, device), order, starts, scale);
}
template <c10::DeviceType device>
at::Tensor ragged_attention_autocast(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& q_starts,
                                     const at::Tensor& kv_starts, std::optional<double> scale) {
  static const auto op = redispatch<decltype(ragged_attention)>("earthcraft::ragged_attention");
  const NoAutocast<device> guard;
  return op.call(lowered(q, device), lowered(k, device), lowered(v, device), q_starts, kv_starts, scale);
}

template <c10::DeviceType device>
void register_autocast(torch::Library& m) {
  m.impl("window_attention", &window_attention_autocast<device>);
  m.impl("window_attention_packed", &window_attention_packed_autocast<device>);
  m.impl("ragged_attention", &ragged_attention_autocast<device>);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(earthcraft, m) {
  m.def("window_attention(Tensor q, Tensor k, Tensor v, Tensor order, Tensor starts, float? scale=None) -> Tensor");
  m.def("window_attention_packed(Tensor qkv, Tensor order, Tensor starts, float? scale=None) -> Tensor");
  m.def("ragged_attention(Tensor q, Tensor k, Tensor v, Tensor q_starts, Tensor kv_starts, float? scale=None) -> Tensor");
  m.def(
      "attention_forward(Tensor q, Tensor k, Tensor v, Tensor? order, Tensor q_starts, Tensor kv_starts, float scale) -> (Tensor out, Tensor "
      "logsumexp)");
  m.def(
      "attention_backward(Tensor out_grad, Tensor q, Tensor k, Tensor v, Tensor out, Tensor logsumexp, Tensor? order, Tensor q_starts, Tensor "
      "kv_starts, float scale) -> (Tensor q_grad, Tensor k_grad, Tensor v_grad)");
  m.def("attention_backward_packed(Tensor out_grad, Tensor qkv, Tensor out, Tensor logsumexp, Tensor? order, Tensor starts, float scale) -> Tensor");
}

TORCH_LIBRARY_IMPL(earthcraft, CPU, m) {
  m.impl("attention_forward", &attention_forward);
  m.impl("attention_backward", &attention_backward);
  m.impl("attention_backward_packed", &attention_backward_packed);
}
TORCH_LIBRARY_IMPL(earthcraft, CompositeExplicitAutograd, m) {
  m.impl("window_attention", &window_attention);
  m.impl("window_attention_packed", &window_attention_packed);
  m.impl("ragged_attention", &ragged_attention);
}
TORCH_LIBRARY_IMPL(earthcraft, Autograd, m) {
  m.impl("window_attention", &window_attention_autograd);
  m.impl("window_attention_packed", &window_attention_packed_autograd);
  m.impl("ragged_attention", &ragged_attention_autograd);
}
TORCH_LIBRARY_IMPL(earthcraft, AutocastCPU, m) { register_autocast<c10::DeviceType::CPU>(m); }
TORCH_LIBRARY_IMPL(earthcraft, AutocastCUDA, m) { register_autocast<c10::DeviceType::CUDA>(m); }

}  // namespace earthcraft
