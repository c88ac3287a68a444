// What a flow's blocks do with the time embedding (adaLN): norm, scale and shift by scene; gate by scene into the residual; and the norm of attention
// heads.
//
// Shapes:  x, y [N, C]; scale, shift, gate [B, C], one row a scene; starts [B + 1] int64 where each scene's rows begin; heads [N, H, D], gamma [H,
// D]. f32, and bf16 on GPUs, takes one pass each way, by operators that have a kernel for each device; every other type is composed of ATen's
// operators, whose double is the reference.

#include "../kernels/modulation.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/repeat_interleave.h>
#include <ATen/ops/result_type.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <vector>

#include "../kernels/pointwise.h"

namespace earthcraft {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kGrain = 16384;  // elements a thread takes at least

// Whether the operators of one pass take it.
bool fast(const at::Tensor& t) {
  return t.is_cpu() ? t.scalar_type() == at::kFloat : t.is_cuda() && (t.scalar_type() == at::kFloat || t.scalar_type() == at::kBFloat16);
}

template <typename Function>
c10::TypedOperatorHandle<Function> operator_of(const char* name) {
  return c10::Dispatcher::singleton().findSchemaOrThrow(name, "").typed<Function>();
}

void check_rows(const char* op, const char* name, const at::Tensor& rows, const at::Tensor& x, const at::Tensor& starts) {
  TORCH_CHECK(x.dim() == 2 && rows.dim() == 2 && rows.size(1) == x.size(1) && rows.size(0) == starts.size(0) - 1, op, ": ", name, " must be [",
              starts.size(0) - 1, ", ", x.dim() == 2 ? x.size(1) : -1, "] for x ", x.sizes(), " and ", starts.size(0) - 1, " scenes, got ",
              rows.sizes());
}

int64_t rows_of(const char* op, const at::Tensor& x) {
  TORCH_CHECK(x.dim() == 2, op, ": x must be [N, C], got ", x.sizes());
  return x.size(0);
}

at::Tensor checked_starts(const char* op, const at::Tensor& starts, int64_t rows) {
  TORCH_CHECK(starts.dim() == 1 && starts.size(0) >= 1 && starts.scalar_type() == at::kLong, op, ": starts must be int64 [scenes + 1], got ",
              starts.scalar_type(), " ", starts.sizes());
  at::Tensor dense = starts.contiguous();
  if (!dense.is_cpu()) return dense;
  const int64_t* s = dense.const_data_ptr<int64_t>();
  TORCH_CHECK_INDEX(s[0] == 0 && s[starts.size(0) - 1] == rows && std::is_sorted(s, s + starts.size(0)), op, ": starts must ascend from 0 to ", rows,
                    ", got ", s[0], " to ", s[starts.size(0) - 1]);
  return dense;
}

// Rows of one scene that one task takes. Tasks depend on the data alone, so sums over rows are the same on any number of threads.
struct Part {
  int64_t scene, begin, end;
};

std::vector<Part> parts_of(const at::Tensor& starts, int64_t channels) {
  const int64_t* s = starts.const_data_ptr<int64_t>();
  const int64_t most = std::max<int64_t>(64, kGrain / std::max<int64_t>(1, channels));
  std::vector<Part> parts;
  for (int64_t scene = 0; scene + 1 < starts.size(0); ++scene)
    for (int64_t begin = s[scene]; begin < s[scene + 1]; begin += most) parts.push_back({scene, begin, std::min(begin + most, s[scene + 1])});
  return parts;
}

template <typename Body>
void each_part(const std::vector<Part>& parts, Body&& body) {
  at::parallel_for(0, static_cast<int64_t>(parts.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) body(i, parts[static_cast<size_t>(i)]);
  });
}

// Sums partial rows [parts, C] into [scenes, C], part after part.
at::Tensor gathered(const std::vector<Part>& parts, const at::Tensor& partial, int64_t scenes) {
  const int64_t channels = partial.size(1);
  at::Tensor total = at::zeros({scenes, channels}, partial.options());
  const float* from = partial.const_data_ptr<float>();
  for (const Part& part : parts) {
    float* to = total.mutable_data_ptr<float>() + part.scene * channels;
    for (int64_t c = 0; c < channels; ++c) to[c] += *from++;
  }
  return total;
}

std::tuple<at::Tensor, at::Tensor> modulated_norm_forward(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& shift,
                                                          const at::Tensor& starts, double eps, at::ScalarType dtype) {
  const int64_t channels = x.size(1);
  at::Tensor out = at::empty(x.sizes(), x.options()), stats = at::empty({x.size(0), 2}, x.options());
  const float *from = x.const_data_ptr<float>(), *w = weight.const_data_ptr<float>(), *b = shift.const_data_ptr<float>();
  float *to = out.mutable_data_ptr<float>(), *kept = stats.mutable_data_ptr<float>();
  const auto kernel = EC_KERNEL(layer_norm_forward);
  each_part(parts_of(starts, channels), [&](int64_t, const Part& part) {
    kernel(from, w + part.scene * channels, b + part.scene * channels, static_cast<float>(eps), part.begin, part.end, channels, to, kept);
  });
  return {out.to(dtype), stats};
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> modulated_norm_backward(const at::Tensor& out_grad_any, const at::Tensor& x, const at::Tensor& weight,
                                                                       const at::Tensor& stats, const at::Tensor& starts) {
  const int64_t channels = x.size(1), scenes = starts.size(0) - 1;
  const at::Tensor out_grad = out_grad_any.to(at::kFloat);
  const std::vector<Part> parts = parts_of(starts, channels);
  const auto count = static_cast<int64_t>(parts.size());
  at::Tensor x_grad = at::empty(x.sizes(), x.options()), scale_parts = at::zeros({count, channels}, x.options()),
             shift_parts = at::zeros({count, channels}, x.options());
  const float *from = x.const_data_ptr<float>(), *w = weight.const_data_ptr<float>(), *kept = stats.const_data_ptr<float>(),
              *g = out_grad.const_data_ptr<float>();
  float *to = x_grad.mutable_data_ptr<float>(), *scale_to = scale_parts.mutable_data_ptr<float>(), *shift_to = shift_parts.mutable_data_ptr<float>();
  const auto kernel = EC_KERNEL(layer_norm_backward);
  each_part(parts, [&](int64_t i, const Part& part) {
    kernel(from, w + part.scene * channels, kept, g, part.begin, part.end, channels, to, scale_to + i * channels, shift_to + i * channels);
  });
  return {x_grad, gathered(parts, scale_parts, scenes), gathered(parts, shift_parts, scenes)};
}

struct ModulatedNormFunction : torch::autograd::Function<ModulatedNormFunction> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x_any, const at::Tensor& scale, const at::Tensor& shift, const at::Tensor& starts,
                            double eps, at::ScalarType dtype) {
    at::AutoDispatchBelowADInplaceOrView guard;
    const at::Tensor x = x_any.contiguous(), weight = (scale.to(at::kFloat) + 1).contiguous();
    static const auto op = operator_of<decltype(modulated_norm_forward)>("earthcraft::modulated_norm_forward");
    auto [out, stats] = op.call(x, weight, shift.to(at::kFloat).contiguous(), starts, eps, dtype);
    ctx->save_for_backward({x, weight, stats, starts});
    return out;
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    at::AutoDispatchBelowADInplaceOrView guard;
    const variable_list s = ctx->get_saved_variables();
    static const auto op = operator_of<decltype(modulated_norm_backward)>("earthcraft::modulated_norm_backward");
    auto [x_grad, scale_grad, shift_grad] = op.call(grads[0].contiguous(), s[0], s[1], s[2], s[3]);
    return {x_grad, scale_grad, shift_grad, at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

// [B, C] → [N, C]
at::Tensor spread(const at::Tensor& rows, const at::Tensor& starts) {
  const at::Tensor counts = starts.narrow(0, 1, rows.size(0)) - starts.narrow(0, 0, rows.size(0));
  return rows.index_select(0, at::repeat_interleave(at::arange(rows.size(0), starts.options()), counts));
}

// layer_norm(x) · (1 + scale) + shift, in `dtype`; without it in the operands' type, or f32 under autocast, as a norm's result is there.
at::Tensor modulated_norm(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift, const at::Tensor& starts_any, double eps,
                          std::optional<at::ScalarType> dtype) {
  const at::Tensor starts = checked_starts("modulated_norm", starts_any, rows_of("modulated_norm", x));
  check_rows("modulated_norm", "scale", scale, x, starts);
  check_rows("modulated_norm", "shift", shift, x, starts);
  if (fast(x) && fast(scale) && fast(shift) && x.size(1) > 0) {
    const bool whole = at::autocast::is_autocast_enabled(x.device().type());
    const at::ScalarType own = whole ? at::kFloat : at::promote_types(at::result_type(x, scale), shift.scalar_type());
    return ModulatedNormFunction::apply(x, scale, shift, starts, eps, dtype.value_or(own));
  }
  const at::Tensor out = at::layer_norm(x, {x.size(1)}, {}, {}, eps) * (spread(scale, starts) + 1) + spread(shift, starts);
  return dtype.has_value() ? out.to(*dtype) : out;
}

at::Tensor gated_add_forward_op(const at::Tensor& x, const at::Tensor& gate, const at::Tensor& y, const at::Tensor& starts) {
  const int64_t channels = x.size(1);
  at::Tensor out = at::empty(x.sizes(), x.options());
  const float *a = x.const_data_ptr<float>(), *g = gate.const_data_ptr<float>(), *b = y.const_data_ptr<float>();
  float* to = out.mutable_data_ptr<float>();
  const auto kernel = EC_KERNEL(gated_add_forward);
  each_part(parts_of(starts, channels),
            [&](int64_t, const Part& part) { kernel(a, g + part.scene * channels, b, part.begin, part.end, channels, to); });
  return out;
}

std::tuple<at::Tensor, at::Tensor> gated_add_backward_op(const at::Tensor& out_grad, const at::Tensor& gate, const at::Tensor& y,
                                                         const at::Tensor& starts) {
  const int64_t channels = out_grad.size(1);
  const std::vector<Part> parts = parts_of(starts, channels);
  at::Tensor y_grad = at::empty(out_grad.sizes(), out_grad.options()),
             gate_parts = at::zeros({static_cast<int64_t>(parts.size()), channels}, out_grad.options());
  const float *d = out_grad.const_data_ptr<float>(), *g = gate.const_data_ptr<float>(), *b = y.const_data_ptr<float>();
  float *to = y_grad.mutable_data_ptr<float>(), *gate_to = gate_parts.mutable_data_ptr<float>();
  const auto kernel = EC_KERNEL(gated_add_backward);
  each_part(parts, [&](int64_t i, const Part& part) {
    kernel(d, g + part.scene * channels, b, part.begin, part.end, channels, to, gate_to + i * channels);
  });
  return {gathered(parts, gate_parts, gate.size(0)), y_grad};
}

struct GatedAddFunction : torch::autograd::Function<GatedAddFunction> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, const at::Tensor& gate_any, const at::Tensor& y_any,
                            const at::Tensor& starts) {
    at::AutoDispatchBelowADInplaceOrView guard;
    const at::Tensor gate = gate_any.to(at::kFloat).contiguous(), y = y_any.contiguous();
    static const auto op = operator_of<decltype(gated_add_forward_op)>("earthcraft::gated_add_forward");
    at::Tensor out = op.call(x.contiguous(), gate, y, starts);
    ctx->save_for_backward({gate, y, starts});
    return out;
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    at::AutoDispatchBelowADInplaceOrView guard;
    const variable_list s = ctx->get_saved_variables();
    static const auto op = operator_of<decltype(gated_add_backward_op)>("earthcraft::gated_add_backward");
    auto [gate_grad, y_grad] = op.call(grads[0].contiguous(), s[0], s[1], s[2]);
    return {grads[0], gate_grad, y_grad, at::Tensor()};
  }
};

// x + gate · y
at::Tensor gated_add(const at::Tensor& x, const at::Tensor& gate, const at::Tensor& y, const at::Tensor& starts_any) {
  const at::Tensor starts = checked_starts("gated_add", starts_any, rows_of("gated_add", x));
  check_rows("gated_add", "gate", gate, x, starts);
  TORCH_CHECK(y.sizes() == x.sizes(), "gated_add: x ", x.sizes(), ", y ", y.sizes());
  if (fast(x) && fast(gate) && fast(y)) return GatedAddFunction::apply(x, gate, y, starts);
  return x + spread(gate, starts) * y;
}

std::vector<Part> head_parts(const at::Tensor& x) {
  const int64_t most = std::max<int64_t>(64, kGrain / std::max<int64_t>(1, x.size(1) * x.size(2)));
  std::vector<Part> parts;
  for (int64_t begin = 0; begin < x.size(0); begin += most) parts.push_back({0, begin, std::min(begin + most, x.size(0))});
  return parts;
}

Heads heads_of(const at::Tensor& x, const at::Tensor& gamma) {
  return {x.const_data_ptr<float>(), x.stride(0), x.stride(1), x.size(1), x.size(2), gamma.const_data_ptr<float>()};
}

std::tuple<at::Tensor, at::Tensor> head_norm_forward_op(const at::Tensor& x, const at::Tensor& gamma) {
  at::Tensor out = at::empty(x.sizes(), x.options()), inverse = at::empty({x.size(0), x.size(1)}, x.options());
  const Heads task = heads_of(x, gamma);
  float *to = out.mutable_data_ptr<float>(), *kept = inverse.mutable_data_ptr<float>();
  const auto kernel = EC_KERNEL(head_norm_forward);
  each_part(head_parts(x), [&](int64_t, const Part& part) { kernel(task, part.begin, part.end, to, kept); });
  return {out, inverse};
}

std::tuple<at::Tensor, at::Tensor> head_norm_backward_op(const at::Tensor& out_grad, const at::Tensor& x, const at::Tensor& gamma,
                                                         const at::Tensor& inverse) {
  const std::vector<Part> parts = head_parts(x);
  const int64_t width = gamma.numel();
  at::Tensor x_grad = at::empty(out_grad.sizes(), out_grad.options()),
             gamma_parts = at::zeros({static_cast<int64_t>(parts.size()), width}, out_grad.options());
  const Heads task = heads_of(x, gamma);
  const float *kept = inverse.const_data_ptr<float>(), *g = out_grad.const_data_ptr<float>();
  float *to = x_grad.mutable_data_ptr<float>(), *gamma_to = gamma_parts.mutable_data_ptr<float>();
  const auto kernel = EC_KERNEL(head_norm_backward);
  each_part(parts, [&](int64_t i, const Part& part) { kernel(task, kept, g, part.begin, part.end, to, gamma_to + i * width); });
  return {x_grad, gathered(parts, gamma_parts, 1).view(gamma.sizes())};
}

struct HeadNormFunction : torch::autograd::Function<HeadNormFunction> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x_any, const at::Tensor& gamma_any) {
    at::AutoDispatchBelowADInplaceOrView guard;
    const at::Tensor x = x_any.stride(2) == 1 ? x_any : x_any.contiguous(), gamma = gamma_any.to(at::kFloat).contiguous();
    static const auto op = operator_of<decltype(head_norm_forward_op)>("earthcraft::head_norm_forward");
    auto [out, inverse] = op.call(x, gamma);
    ctx->save_for_backward({x, gamma, inverse});
    return out;
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    at::AutoDispatchBelowADInplaceOrView guard;
    const variable_list s = ctx->get_saved_variables();
    static const auto op = operator_of<decltype(head_norm_backward_op)>("earthcraft::head_norm_backward");
    auto [x_grad, gamma_grad] = op.call(grads[0].contiguous(), s[0], s[1], s[2]);
    return {x_grad, gamma_grad};
  }
};

// x / max(|x|, 1e-12) · √D · gamma, per head (queries and keys of the flows)
at::Tensor head_norm(const at::Tensor& x, const at::Tensor& gamma) {
  TORCH_CHECK(x.dim() == 3 && gamma.dim() == 2 && gamma.size(0) == x.size(1) && gamma.size(1) == x.size(2),
              "head_norm: x must be [N, heads, head_dim] and gamma [heads, head_dim], got ", x.sizes(), " and ", gamma.sizes());
  if (fast(x) && fast(gamma) && x.size(2) > 0) return HeadNormFunction::apply(x, gamma);
  return x / at::linalg_vector_norm(x, 2, {-1}, true).clamp_min(1e-12) * (gamma * std::sqrt(static_cast<double>(x.size(2))));
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(earthcraft, m) {
  m.def("modulated_norm(Tensor x, Tensor scale, Tensor shift, Tensor starts, float eps=1e-06, ScalarType? dtype=None) -> Tensor");
  m.def("gated_add(Tensor x, Tensor gate, Tensor y, Tensor starts) -> Tensor");
  m.def("head_norm(Tensor x, Tensor gamma) -> Tensor");
  m.def("modulated_norm_forward(Tensor x, Tensor weight, Tensor shift, Tensor starts, float eps, ScalarType dtype) -> (Tensor, Tensor)");
  m.def("modulated_norm_backward(Tensor out_grad, Tensor x, Tensor weight, Tensor stats, Tensor starts) -> (Tensor, Tensor, Tensor)");
  m.def("gated_add_forward(Tensor x, Tensor gate, Tensor y, Tensor starts) -> Tensor");
  m.def("gated_add_backward(Tensor out_grad, Tensor gate, Tensor y, Tensor starts) -> (Tensor, Tensor)");
  m.def("head_norm_forward(Tensor x, Tensor gamma) -> (Tensor, Tensor)");
  m.def("head_norm_backward(Tensor out_grad, Tensor x, Tensor gamma, Tensor inverse) -> (Tensor, Tensor)");
}

TORCH_LIBRARY_IMPL(earthcraft, CompositeImplicitAutograd, m) {
  m.impl("modulated_norm", &modulated_norm);
  m.impl("gated_add", &gated_add);
  m.impl("head_norm", &head_norm);
}

TORCH_LIBRARY_IMPL(earthcraft, CPU, m) {
  m.impl("modulated_norm_forward", &modulated_norm_forward);
  m.impl("modulated_norm_backward", &modulated_norm_backward);
  m.impl("gated_add_forward", &gated_add_forward_op);
  m.impl("gated_add_backward", &gated_add_backward_op);
  m.impl("head_norm_forward", &head_norm_forward_op);
  m.impl("head_norm_backward", &head_norm_backward_op);
}

}  // namespace earthcraft
