// layer_norm on a GPU: the twin of ops/pointwise.cpp's, for x of f32 or bf16 with weight and bias of f32 or none; others go to ATen. Rows and sums
// are those of modulated_norm with a single scene.

#include <ATen/ops/empty.h>
#include <ATen/ops/native_layer_norm.h>
#include <ATen/ops/native_layer_norm_backward.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/sum.h>
#include <torch/library.h>

#include <optional>
#include <tuple>

#include "../modulation.h"
#include "element.h"
#include "launch.h"

namespace earthcraft::gpu {
namespace {

using OptionalTensor = std::optional<at::Tensor>;

bool narrow_or_f32(at::ScalarType type) { return type == at::kFloat || type == at::kBFloat16; }
bool f32_or_none(const OptionalTensor& t) { return !t.has_value() || t->scalar_type() == at::kFloat; }

bool ours(const at::Tensor& x, at::ScalarType result, const OptionalTensor& weight, const OptionalTensor& bias) {
  return narrow_or_f32(x.scalar_type()) && narrow_or_f32(result) && f32_or_none(weight) && f32_or_none(bias) && x.size(-1) > 0;
}

at::Tensor dense(const OptionalTensor& part) { return part.has_value() ? part->contiguous() : at::Tensor(); }
const float* data(const at::Tensor& part) { return part.defined() ? part.const_data_ptr<float>() : nullptr; }
float* room_of(const at::Tensor& part) { return part.defined() ? part.mutable_data_ptr<float>() : nullptr; }
Scenes one_scene(const at::Tensor& x) { return {nullptr, 1, x.numel() / x.size(-1), x.size(-1)}; }

std::tuple<at::Tensor, at::Tensor> forward_op(const at::Tensor& x_any, const OptionalTensor& weight_any, const OptionalTensor& bias_any, double eps,
                                              at::ScalarType dtype) {
  check_device("layer_norm", x_any, {{"weight", weight_any.value_or(at::Tensor())}, {"bias", bias_any.value_or(at::Tensor())}});
  if (!ours(x_any, dtype, weight_any, bias_any)) {
    auto [out, mean, rstd] = at::native_layer_norm(x_any.to(dtype), {x_any.size(-1)}, weight_any, bias_any, eps);
    return {out, at::stack({mean, rstd}, 0)};
  }
  const OnDevice on(x_any);
  const at::Tensor x = x_any.contiguous(), weight = dense(weight_any), bias = dense(bias_any);
  const Scenes rows = one_scene(x);
  at::Tensor out = at::empty(x.sizes(), x.options().dtype(dtype)), stats = at::empty({rows.rows, 2}, x.options().dtype(at::kFloat));
  modulated_norm(element_of("layer_norm", x), element_of("layer_norm", out), rows, x.const_data_ptr(), data(weight), data(bias),
                 static_cast<float>(eps), out.mutable_data_ptr(), stats.mutable_data_ptr<float>(), on.stream());
  on.launched();
  return {out, stats};
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> backward_op(const at::Tensor& out_grad_any, const at::Tensor& x_any, const at::Tensor& stats,
                                                           const OptionalTensor& weight_any, const OptionalTensor& bias_any, bool x_wanted,
                                                           bool weight_wanted, bool bias_wanted) {
  TORCH_CHECK(out_grad_any.sizes() == x_any.sizes(), "layer_norm_backward: out_grad ", out_grad_any.sizes(), " for x ", x_any.sizes());
  weight_wanted = weight_wanted && weight_any.has_value();
  bias_wanted = bias_wanted && bias_any.has_value();
  if (!ours(x_any, out_grad_any.scalar_type(), weight_any, bias_any)) {
    auto [x_grad, weight_grad, bias_grad] =
        at::native_layer_norm_backward(out_grad_any, x_any.to(out_grad_any.scalar_type()), {x_any.size(-1)}, stats[0], stats[1], weight_any, bias_any,
                                       {x_wanted, weight_wanted, bias_wanted});
    return {x_wanted ? x_grad.to(x_any.scalar_type()) : at::Tensor(), weight_grad, bias_grad};
  }
  const OnDevice on(x_any);
  const at::Tensor x = x_any.contiguous(), out_grad = out_grad_any.contiguous(), weight = dense(weight_any);
  const Scenes rows = one_scene(x);
  const int64_t slices = row_slices(rows.rows);
  at::Tensor x_grad = x_wanted ? at::empty(x.sizes(), x.options()) : at::Tensor();
  const auto parts = [&](bool wanted) { return wanted ? at::empty({slices, rows.channels}, x.options().dtype(at::kFloat)) : at::Tensor(); };
  const at::Tensor weight_parts = parts(weight_wanted), bias_parts = parts(bias_wanted);
  modulated_norm_backward(element_of("layer_norm_backward", out_grad), element_of("layer_norm_backward", x), rows, out_grad.const_data_ptr(),
                          x.const_data_ptr(), data(weight), stats.const_data_ptr<float>(), x_wanted ? x_grad.mutable_data_ptr() : nullptr, slices,
                          room_of(weight_parts), room_of(bias_parts), on.stream());
  on.launched();
  const auto summed = [](const at::Tensor& of_slices) { return of_slices.defined() ? at::sum(of_slices, 0) : at::Tensor(); };
  return {x_grad, summed(weight_parts), summed(bias_parts)};
}

}  // namespace
}  // namespace earthcraft::gpu

TORCH_LIBRARY_IMPL(earthcraft, CUDA, m) {
  m.impl("layer_norm_forward", &earthcraft::gpu::forward_op);
  m.impl("layer_norm_backward", &earthcraft::gpu::backward_op);
}
