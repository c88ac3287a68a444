// What a flow's blocks do with the time embedding (adaLN): norm, scale and shift by scene; gate by scene into the residual; and the norm of attention
// heads.
//
// Shapes:  x, y [N, C]; scale, shift, gate [B, C], one row a scene; starts [B + 1] int64 where each scene's rows begin; heads [N, H, D], gamma [H,
// D]. f32 on the CPU takes one pass each way; every other type and device is composed of ATen's operators, whose double is the reference.

#include "../kernels/modulation.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/repeat_interleave.h>
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

bool fast(const at::Tensor& t) { return t.is_cpu() && t.scalar_type() == at::kFloat; }

void check_rows(const char* op, const char* name, const at::Tensor& rows, const at::Tensor& x, const at::Tensor& starts) {
  TORCH_CHECK(x.dim() == 2 && rows.dim() == 2 && rows.size(1) == x.size(1) && rows.size(0) == starts.size(0) - 1, op, ": ", name, " must be [",
              starts.size(0) - 1, ", ", x.dim() == 2 ? x.size(1) : -1, "] for x ", x.sizes(), " and ", starts.size(0) - 1, " scenes, got ",
              rows.sizes());
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
                                                          const at::Tensor& starts, double eps) {
  const int64_t channels = x.size(1);
  at::Tensor out = at::empty(x.sizes(), x.options()), stats = at::empty({x.size(0), 2}, x.options());
  const float *from = x.const_data_ptr<float>(), *w = weight.const_data_ptr<float>(), *b = shift.const_data_ptr<float>();
  float *to = out.mutable_data_ptr<float>(), *kept = stats.mutable_data_ptr<float>();
  const auto kernel = EC_KERNEL(layer_norm_forward);
  each_part(parts_of(starts, channels), [&](int64_t, const Part& part) {
    kernel(from, w + part.scene * channels, b + part.scene * channels, static_cast<float>(eps), part.begin, part.end, channels, to, kept);
  });
  return {out, stats};
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> modulated_norm_backward(const at::Tensor& out_grad, const at::Tensor& x, const at::Tensor& weight,
                                                                       const at::Tensor& stats, const at::Tensor& starts) {
  const int64_t channels = x.size(1), scenes = starts.size(0) - 1;
  const at::Tensor grad = out_grad.contiguous();
  const std::vector<Part> parts = parts_of(starts, channels);
  const auto count = static_cast<int64_t>(parts.size());
  at::Tensor x_grad = at::empty(x.sizes(), x.options()), scale_parts = at::zeros({count, channels}, x.options()),
             shift_parts = at::zeros({count, channels}, x.options());
  const float *from = x.const_data_ptr<float>(), *w = weight.const_data_ptr<float>(), *kept = stats.const_data_ptr<float>(),
              *g = grad.const_data_ptr<float>();
  float *to = x_grad.mutable_data_ptr<float>(), *scale_to = scale_parts.mutable_data_ptr<float>(), *shift_to = shift_parts.mutable_data_ptr<float>();
  const auto kernel = EC_KERNEL(layer_norm_backward);
  each_part(parts, [&](int64_t i, const Part& part) {
    kernel(from, w + part.scene * channels, kept, g, part.begin, part.end, channels, to, scale_to + i * channels, shift_to + i * channels);
  });
  return {x_grad, gathered(parts, scale_parts, scenes), gathered(parts, shift_parts, scenes)};
}

struct ModulatedNormFunction : torch::autograd::Function<ModulatedNormFunction> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x_any, const at::Tensor& scale, const at::Tensor& shift, const at::Tensor& starts,
                            double eps) {
    at::AutoDispatchBelowADInplaceOrView guard;
    const at::Tensor x = x_any.contiguous(), weight = (scale + 1).contiguous();
    auto [out, stats] = modulated_norm_forward(x, weight, shift.contiguous(), starts, eps);
    ctx->save_for_backward({x, weight, stats, starts});
    return out;
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    at::AutoDispatchBelowADInplaceOrView guard;
    const variable_list s = ctx->get_saved_variables();
    auto [x_grad, scale_grad, shift_grad] = modulated_norm_backward(grads[0], s[0], s[1], s[2], s[3]);
    return {x_grad, scale_grad, shift_grad, at::Tensor(), at::Tensor()};
  }
};

// [B, C] → [N, C]
at::Tensor spread(const at::Tensor& rows, const at::Tensor& starts) {
  const at::Tensor counts = starts.narrow(0, 1, rows.size(0)) - starts.narrow(0, 0, rows.size(0));
  return rows.index_select(0, at::repeat_interleave(at::arange(rows.size(0), starts.options()), counts));
}

// layer_norm(x) · (1 + scale) + shift
at::Tensor modulated_norm(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift, const at::Tensor& starts_any, double eps) {
  const at::Tensor starts = checked_starts("modulated_norm", starts_any, x.size(0));
  check_rows("modulated_norm", "scale", scale, x, starts);
  check_rows("modulated_norm", "shift", shift, x, starts);
  if (fast(x) && fast(scale) && fast(shift) && x.size(1) > 0) return ModulatedNormFunction::apply(x, scale, shift, starts, eps);
  return at::layer_norm(x, {x.size(1)}, {}, {}, eps) * (spread(scale, starts) + 1) + spread(shift, starts);
}

struct GatedAddFunction : torch::autograd::Function<GatedAddFunction> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x_any, const at::Tensor& gate_any, const at::Tensor& y_any,
                            const at::Tensor& starts) {
    at::AutoDispatchBelowADInplaceOrView guard;
    const at::Tensor x = x_any.contiguous(), gate = gate_any.contiguous(), y = y_any.contiguous();
    const int64_t channels = x.size(1);
    at::Tensor out = at::empty(x.sizes(), x.options());
    const float *a = x.const_data_ptr<float>(), *g = gate.const_data_ptr<float>(), *b = y.const_data_ptr<float>();
    float* to = out.mutable_data_ptr<float>();
    const auto kernel = EC_KERNEL(gated_add_forward);
    each_part(parts_of(starts, channels),
              [&](int64_t, const Part& part) { kernel(a, g + part.scene * channels, b, part.begin, part.end, channels, to); });
    ctx->save_for_backward({gate, y, starts});
    return out;
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    at::AutoDispatchBelowADInplaceOrView guard;
    const variable_list s = ctx->get_saved_variables();
    const at::Tensor grad = grads[0].contiguous();
    const int64_t channels = grad.size(1);
    const std::vector<Part> parts = parts_of(s[2], channels);
    at::Tensor y_grad = at::empty(grad.sizes(), grad.options()),
               gate_parts = at::zeros({static_cast<int64_t>(parts.size()), channels}, grad.options());
    const float *d = grad.const_data_ptr<float>(), *g = s[0].const_data_ptr<float>(), *b = s[1].const_data_ptr<float>();
    float *to = y_grad.mutable_data_ptr<float>(), *gate_to = gate_parts.mutable_data_ptr<float>();
    const auto kernel = EC_KERNEL(gated_add_backward);
    each_part(parts, [&](int64_t i, const Part& part) {
      kernel(d, g + part.scene * channels, b, part.begin, part.end, channels, to, gate_to + i * channels);
    });
    return {grads[0], gathered(parts, gate_parts, s[0].size(0)), y_grad, at::Tensor()};
  }
};

// x + gate · y
at::Tensor gated_add(const at::Tensor& x, const at::Tensor& gate, const at::Tensor& y, const at::Tensor& starts_any) {
  const at::Tensor starts = checked_starts("gated_add", starts_any, x.size(0));
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

struct HeadNormFunction : torch::autograd::Function<HeadNormFunction> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x_any, const at::Tensor& gamma_any) {
    at::AutoDispatchBelowADInplaceOrView guard;
    const at::Tensor x = x_any.stride(2) == 1 ? x_any : x_any.contiguous(), gamma = gamma_any.contiguous();
    at::Tensor out = at::empty(x.sizes(), x.options()), inverse = at::empty({x.size(0), x.size(1)}, x.options());
    const Heads task = heads_of(x, gamma);
    float *to = out.mutable_data_ptr<float>(), *kept = inverse.mutable_data_ptr<float>();
    const auto kernel = EC_KERNEL(head_norm_forward);
    each_part(head_parts(x), [&](int64_t, const Part& part) { kernel(task, part.begin, part.end, to, kept); });
    ctx->save_for_backward({x, gamma, inverse});
    return out;
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    at::AutoDispatchBelowADInplaceOrView guard;
    const variable_list s = ctx->get_saved_variables();
    const at::Tensor grad = grads[0].contiguous();
    const std::vector<Part> parts = head_parts(s[0]);
    const int64_t width = s[1].numel();
    at::Tensor x_grad = at::empty(grad.sizes(), grad.options()), gamma_parts = at::zeros({static_cast<int64_t>(parts.size()), width}, grad.options());
    const Heads task = heads_of(s[0], s[1]);
    const float *inverse = s[2].const_data_ptr<float>(), *g = grad.const_data_ptr<float>();
    float *to = x_grad.mutable_data_ptr<float>(), *gamma_to = gamma_parts.mutable_data_ptr<float>();
    const auto kernel = EC_KERNEL(head_norm_backward);
    each_part(parts, [&](int64_t i, const Part& part) { kernel(task, inverse, g, part.begin, part.end, to, gamma_to + i * width); });
    return {x_grad, gathered(parts, gamma_parts, 1).view(s[1].sizes())};
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
  m.def("modulated_norm(Tensor x, Tensor scale, Tensor shift, Tensor starts, float eps=1e-06) -> Tensor");
  m.def("gated_add(Tensor x, Tensor gate, Tensor y, Tensor starts) -> Tensor");
  m.def("head_norm(Tensor x, Tensor gamma) -> Tensor");
}

TORCH_LIBRARY_IMPL(earthcraft, CompositeImplicitAutograd, m) {
  m.impl("modulated_norm", &modulated_norm);
  m.impl("gated_add", &gated_add);
  m.impl("head_norm", &head_norm);
}

}  // namespace earthcraft
