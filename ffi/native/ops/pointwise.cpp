// gelu and layer_norm in one pass each way for f32 on the CPU (layer_norm on GPUs: cuda/ops/layer_norm.cpp); every other type and device goes to
// ATen, whose double is the reference.

#include "../kernels/pointwise.h"

#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/gelu_backward.h>
#include <ATen/ops/native_layer_norm.h>
#include <ATen/ops/native_layer_norm_backward.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>
#include <tuple>

namespace earthcraft {
namespace {

using OptionalTensor = std::optional<at::Tensor>;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kGrain = 16384;  // elements a thread takes at least

at::Tensor gelu_op(const at::Tensor& x_any) {
  TORCH_CHECK(at::isFloatingType(x_any.scalar_type()), "gelu: x must be floating point, got ", x_any.scalar_type(), " ", x_any.sizes());
  if (x_any.scalar_type() != at::kFloat || !x_any.is_cpu()) return at::gelu(x_any, "tanh");
  const at::Tensor x = x_any.contiguous();
  at::Tensor out = at::empty(x.sizes(), x.options());
  const float* from = x.const_data_ptr<float>();
  float* to = out.mutable_data_ptr<float>();
  const auto kernel = EC_KERNEL(gelu_forward);
  at::parallel_for(0, x.numel(), kGrain, [&](int64_t begin, int64_t end) { kernel(from + begin, to + begin, end - begin); });
  return out;
}

at::Tensor gelu_backward_op(const at::Tensor& out_grad, const at::Tensor& x_any) {
  TORCH_CHECK(out_grad.sizes() == x_any.sizes(), "gelu_backward: out_grad ", out_grad.sizes(), " for x ", x_any.sizes());
  if (x_any.scalar_type() != at::kFloat || !x_any.is_cpu()) return at::gelu_backward(out_grad, x_any, "tanh");
  const at::Tensor x = x_any.contiguous(), grad = out_grad.contiguous();
  at::Tensor x_grad = at::empty(x.sizes(), x.options());
  const float *from = x.const_data_ptr<float>(), *slope = grad.const_data_ptr<float>();
  float* to = x_grad.mutable_data_ptr<float>();
  const auto kernel = EC_KERNEL(gelu_backward);
  at::parallel_for(0, x.numel(), kGrain, [&](int64_t begin, int64_t end) { kernel(from + begin, slope + begin, to + begin, end - begin); });
  return x_grad;
}

struct GeluFunction : torch::autograd::Function<GeluFunction> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x) {
    at::AutoDispatchBelowADInplaceOrView guard;
    ctx->save_for_backward({x});
    static const auto op = c10::Dispatcher::singleton().findSchemaOrThrow("earthcraft::gelu", "").typed<decltype(gelu_op)>();
    return op.call(x);
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    static const auto op = c10::Dispatcher::singleton().findSchemaOrThrow("earthcraft::gelu_backward", "").typed<decltype(gelu_backward_op)>();
    return {op.call(grads[0], ctx->get_saved_variables()[0])};
  }
};
at::Tensor gelu_autograd(const at::Tensor& x) { return GeluFunction::apply(x); }

void check_norm(const at::Tensor& x, const OptionalTensor& weight, const OptionalTensor& bias) {
  TORCH_CHECK(x.dim() >= 1 && at::isFloatingType(x.scalar_type()), "layer_norm: x must be floating point [..., C], got ", x.scalar_type(), " ",
              x.sizes());
  for (const auto& [name, part] : {std::pair{"weight", weight}, std::pair{"bias", bias}})
    TORCH_CHECK(!part.has_value() || (part->dim() == 1 && part->size(0) == x.size(-1)), "layer_norm: ", name, " must be [", x.size(-1), "] for x ",
                x.sizes(), ", got ", part->sizes());
}

bool ours(const at::Tensor& x, const OptionalTensor& weight, const OptionalTensor& bias) {
  return x.is_cpu() && x.scalar_type() == at::kFloat && x.size(-1) > 0 && (!weight.has_value() || weight->scalar_type() == at::kFloat) &&
         (!bias.has_value() || bias->scalar_type() == at::kFloat);
}

at::Tensor dense(const OptionalTensor& part) { return part.has_value() ? part->contiguous() : at::Tensor(); }
const float* data(const at::Tensor& part) { return part.defined() ? part.const_data_ptr<float>() : nullptr; }
int64_t row_grain(int64_t channels) { return std::max<int64_t>(1, kGrain / std::max<int64_t>(1, channels)); }

// `dtype` is that of the result: what a matrix product under autocast would round to anyway needs no pass of its own. stats: f32 [rows, 2] of ours;
// of ATen's path mean and rstd stacked
std::tuple<at::Tensor, at::Tensor> layer_norm_forward_op(const at::Tensor& x_any, const OptionalTensor& weight_any, const OptionalTensor& bias_any,
                                                         double eps, at::ScalarType dtype) {
  const int64_t channels = x_any.size(-1);
  if (!ours(x_any, weight_any, bias_any)) {
    auto [out, mean, rstd] = at::native_layer_norm(x_any.to(dtype), {channels}, weight_any, bias_any, eps);
    return {out, at::stack({mean, rstd}, 0)};
  }
  const at::Tensor x = x_any.contiguous(), weight = dense(weight_any), bias = dense(bias_any);
  const int64_t rows = x.numel() / channels;
  at::Tensor out = at::empty(x.sizes(), x.options()), stats = at::empty({rows, 2}, x.options());
  const auto kernel = EC_KERNEL(layer_norm_forward);
  at::parallel_for(0, rows, row_grain(channels), [&](int64_t begin, int64_t end) {
    kernel(x.const_data_ptr<float>(), data(weight), data(bias), static_cast<float>(eps), begin, end, channels, out.mutable_data_ptr<float>(),
           stats.mutable_data_ptr<float>());
  });
  return {out.to(dtype), stats};
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> layer_norm_backward_op(const at::Tensor& out_grad, const at::Tensor& x_any, const at::Tensor& stats,
                                                                      const OptionalTensor& weight_any, const OptionalTensor& bias_any, bool x_wanted,
                                                                      bool weight_wanted, bool bias_wanted) {
  TORCH_CHECK(out_grad.sizes() == x_any.sizes(), "layer_norm_backward: out_grad ", out_grad.sizes(), " for x ", x_any.sizes());
  const int64_t channels = x_any.size(-1);
  weight_wanted = weight_wanted && weight_any.has_value();
  bias_wanted = bias_wanted && bias_any.has_value();
  if (!ours(x_any, weight_any, bias_any)) {
    auto [x_grad, weight_grad, bias_grad] = at::native_layer_norm_backward(out_grad, x_any.to(out_grad.scalar_type()), {channels}, stats[0], stats[1],
                                                                           weight_any, bias_any, {x_wanted, weight_wanted, bias_wanted});
    return {x_wanted ? x_grad.to(x_any.scalar_type()) : at::Tensor(), weight_grad, bias_grad};
  }
  const at::Tensor x = x_any.contiguous(), grad = out_grad.to(at::kFloat).contiguous(), weight = dense(weight_any);
  const int64_t rows = x.numel() / channels;
  // Slices of rows, set by their number alone, add up on their own: the sums are the same on any number of threads.
  const int64_t slices = std::clamp<int64_t>(rows / row_grain(channels), 1, 16);
  at::Tensor x_grad = x_wanted ? at::empty(x.sizes(), x.options()) : at::Tensor();
  at::Tensor weight_grads = weight_wanted ? at::zeros({slices, channels}, x.options()) : at::Tensor();
  at::Tensor bias_grads = bias_wanted ? at::zeros({slices, channels}, x.options()) : at::Tensor();
  const auto kernel = EC_KERNEL(layer_norm_backward);
  at::parallel_for(0, slices, 1, [&](int64_t begin, int64_t end) {
    for (int64_t s = begin; s < end; ++s)
      kernel(x.const_data_ptr<float>(), data(weight), stats.const_data_ptr<float>(), grad.const_data_ptr<float>(), s * rows / slices,
             (s + 1) * rows / slices, channels, x_wanted ? x_grad.mutable_data_ptr<float>() : nullptr,
             weight_wanted ? weight_grads.mutable_data_ptr<float>() + s * channels : nullptr,
             bias_wanted ? bias_grads.mutable_data_ptr<float>() + s * channels : nullptr);
  });
  return {x_grad, weight_wanted ? weight_grads.sum(0) : at::Tensor(), bias_wanted ? bias_grads.sum(0) : at::Tensor()};
}

struct LayerNormFunction : torch::autograd::Function<LayerNormFunction> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, const OptionalTensor& weight, const OptionalTensor& bias, double eps,
                            at::ScalarType dtype) {
    at::AutoDispatchBelowADInplaceOrView guard;
    static const auto op =
        c10::Dispatcher::singleton().findSchemaOrThrow("earthcraft::layer_norm_forward", "").typed<decltype(layer_norm_forward_op)>();
    auto [out, stats] = op.call(x, weight, bias, eps, dtype);
    ctx->save_for_backward({x, stats, weight.value_or(at::Tensor()), bias.value_or(at::Tensor())});
    return out;
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const variable_list s = ctx->get_saved_variables();
    const auto given = [](const at::Tensor& t) { return t.defined() ? OptionalTensor(t) : std::nullopt; };
    static const auto op =
        c10::Dispatcher::singleton().findSchemaOrThrow("earthcraft::layer_norm_backward", "").typed<decltype(layer_norm_backward_op)>();
    const auto learns = [](const at::Tensor& t) { return t.defined() && t.requires_grad(); };
    variable_list result(5);
    std::tie(result[0], result[1], result[2]) =
        op.call(grads[0], s[0], s[1], given(s[2]), given(s[3]), ctx->needs_input_grad(0), learns(s[2]), learns(s[3]));
    return result;
  }
};

using OptionalType = std::optional<at::ScalarType>;

at::Tensor layer_norm_plain(const at::Tensor& x, const OptionalTensor& weight, const OptionalTensor& bias, double eps, OptionalType dtype) {
  check_norm(x, weight, bias);
  static const auto op =
      c10::Dispatcher::singleton().findSchemaOrThrow("earthcraft::layer_norm_forward", "").typed<decltype(layer_norm_forward_op)>();
  return std::get<0>(op.call(x, weight, bias, eps, dtype.value_or(x.scalar_type())));
}
at::Tensor layer_norm_autograd(const at::Tensor& x, const OptionalTensor& weight, const OptionalTensor& bias, double eps, OptionalType dtype) {
  check_norm(x, weight, bias);
  return LayerNormFunction::apply(x, weight, bias, eps, dtype.value_or(x.scalar_type()));
}

// Norms run in f32 under autocast; a GPU's kernel reads bf16 as it is.
template <c10::DeviceType device>
at::Tensor layer_norm_autocast(const at::Tensor& x, const OptionalTensor& weight, const OptionalTensor& bias, double eps, OptionalType dtype) {
  static const auto op = c10::Dispatcher::singleton().findSchemaOrThrow("earthcraft::layer_norm", "").typed<decltype(layer_norm_plain)>();
  const c10::impl::ExcludeDispatchKeyGuard guard(at::autocast::get_autocast_dispatch_key_from_device_type(device));
  const auto raised = [](const OptionalTensor& t) {
    return t.has_value() ? OptionalTensor(at::autocast::cached_cast(at::kFloat, *t, device)) : std::nullopt;
  };
  const bool as_it_is = device == at::kCUDA && x.scalar_type() == at::kBFloat16;
  const at::Tensor from = as_it_is ? x : at::autocast::cached_cast(at::kFloat, x, device);
  return op.call(from, raised(weight), raised(bias), eps, dtype.value_or(as_it_is ? at::kFloat : from.scalar_type()));
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(earthcraft, m) {
  m.def("gelu(Tensor x) -> Tensor");
  m.def("gelu_backward(Tensor out_grad, Tensor x) -> Tensor");
  m.def("layer_norm(Tensor x, Tensor? weight=None, Tensor? bias=None, float eps=1e-06, ScalarType? dtype=None) -> Tensor");
  m.def("layer_norm_forward(Tensor x, Tensor? weight, Tensor? bias, float eps, ScalarType dtype) -> (Tensor out, Tensor stats)");
  m.def(
      "layer_norm_backward(Tensor out_grad, Tensor x, Tensor stats, Tensor? weight, Tensor? bias, bool x_wanted, bool weight_wanted, bool "
      "bias_wanted) -> (Tensor x_grad, Tensor "
      "weight_grad, Tensor bias_grad)");
}

TORCH_LIBRARY_IMPL(earthcraft, CompositeExplicitAutograd, m) {
  m.impl("gelu", &gelu_op);
  m.impl("gelu_backward", &gelu_backward_op);
  m.impl("layer_norm_forward", &layer_norm_forward_op);
  m.impl("layer_norm_backward", &layer_norm_backward_op);
  m.impl("layer_norm", &layer_norm_plain);
}
TORCH_LIBRARY_IMPL(earthcraft, Autograd, m) {
  m.impl("gelu", &gelu_autograd);
  m.impl("layer_norm", &layer_norm_autograd);
}
TORCH_LIBRARY_IMPL(earthcraft, AutocastCPU, m) { m.impl("layer_norm", &layer_norm_autocast<c10::DeviceType::CPU>); }
TORCH_LIBRARY_IMPL(earthcraft, AutocastCUDA, m) { m.impl("layer_norm", &layer_norm_autocast<c10::DeviceType::CUDA>); }

}  // namespace earthcraft
