// What a flow's blocks do with the time embedding and the norm of attention heads, on a GPU: the twins of ops/modulation.cpp, for x and y of f32 or
// bf16 and rows of scenes in f32. Shapes are checked by the operators above them; the values of starts are not: that would wait for the GPU.

#include "../modulation.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/sum.h>
#include <torch/library.h>

#include <tuple>

#include "element.h"
#include "launch.h"

namespace earthcraft::gpu {
namespace {

Scenes scenes_of(const at::Tensor& x, const at::Tensor& starts) { return {starts.const_data_ptr<int64_t>(), starts.size(0) - 1, x.size(0), x.size(1)}; }

at::Tensor room(const at::Tensor& like, at::IntArrayRef sizes) { return at::empty(sizes, like.options().dtype(at::kFloat)); }

// [slices, scenes, C] → [scenes, C]
at::Tensor over_slices(const at::Tensor& parts) { return parts.size(0) == 1 ? parts.select(0, 0) : at::sum(parts, 0); }

std::tuple<at::Tensor, at::Tensor> norm_op(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& shift, const at::Tensor& starts, double eps,
                                           at::ScalarType dtype) {
  check_device("modulated_norm", x, {{"scale", weight}, {"shift", shift}, {"starts", starts}});
  const OnDevice on(x);
  at::Tensor out = at::empty(x.sizes(), x.options().dtype(dtype)), stats = room(x, {x.size(0), 2});
  modulated_norm(element_of("modulated_norm", x), element_of("modulated_norm", out), scenes_of(x, starts), x.const_data_ptr(),
                 weight.const_data_ptr<float>(), shift.const_data_ptr<float>(), static_cast<float>(eps), out.mutable_data_ptr(),
                 stats.mutable_data_ptr<float>(), on.stream());
  on.launched();
  return {out, stats};
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> norm_backward_op(const at::Tensor& out_grad, const at::Tensor& x, const at::Tensor& weight,
                                                                const at::Tensor& stats, const at::Tensor& starts) {
  const OnDevice on(x);
  const Scenes scenes = scenes_of(x, starts);
  const int64_t slices = row_slices(scenes.rows);
  at::Tensor x_grad = at::empty(x.sizes(), x.options());
  const at::Tensor weight_parts = room(x, {slices, scenes.scenes, scenes.channels}), shift_parts = room(x, {slices, scenes.scenes, scenes.channels});
  modulated_norm_backward(element_of("modulated_norm_backward", out_grad), element_of("modulated_norm_backward", x), scenes, out_grad.const_data_ptr(),
                          x.const_data_ptr(), weight.const_data_ptr<float>(), stats.const_data_ptr<float>(), x_grad.mutable_data_ptr(), slices,
                          weight_parts.mutable_data_ptr<float>(), shift_parts.mutable_data_ptr<float>(), on.stream());
  on.launched();
  return {x_grad, over_slices(weight_parts), over_slices(shift_parts)};
}

at::Tensor gate_op(const at::Tensor& x, const at::Tensor& gate, const at::Tensor& y, const at::Tensor& starts) {
  check_device("gated_add", x, {{"gate", gate}, {"y", y}, {"starts", starts}});
  const OnDevice on(x);
  at::Tensor out = at::empty(x.sizes(), x.options().dtype(c10::promoteTypes(x.scalar_type(), y.scalar_type())));
  gated_add(element_of("gated_add", x), element_of("gated_add", y), element_of("gated_add", out), scenes_of(x, starts), x.const_data_ptr(),
            gate.const_data_ptr<float>(), y.const_data_ptr(), out.mutable_data_ptr(), on.stream());
  on.launched();
  return out;
}

std::tuple<at::Tensor, at::Tensor> gate_backward_op(const at::Tensor& out_grad, const at::Tensor& gate, const at::Tensor& y, const at::Tensor& starts) {
  const OnDevice on(y);
  const Scenes scenes = scenes_of(y, starts);
  const int64_t slices = row_slices(scenes.rows);
  at::Tensor y_grad = at::empty(y.sizes(), y.options());
  const at::Tensor parts = room(y, {slices, scenes.scenes, scenes.channels});
  gated_add_backward(element_of("gated_add_backward", out_grad), element_of("gated_add_backward", y), scenes, out_grad.const_data_ptr(),
                     gate.const_data_ptr<float>(), y.const_data_ptr(), y_grad.mutable_data_ptr(), slices, parts.mutable_data_ptr<float>(), on.stream());
  on.launched();
  return {over_slices(parts), y_grad};
}

HeadRows heads_of(const at::Tensor& x, const at::Tensor& gamma) {
  return {x.const_data_ptr(), x.stride(0), x.stride(1), x.size(0), x.size(1), x.size(2), gamma.const_data_ptr<float>()};
}

std::tuple<at::Tensor, at::Tensor> head_op(const at::Tensor& x, const at::Tensor& gamma) {
  check_device("head_norm", x, {{"gamma", gamma}});
  const OnDevice on(x);
  at::Tensor out = at::empty(x.sizes(), x.options()), inverse = room(x, {x.size(0), x.size(1)});
  head_norm(element_of("head_norm", x), heads_of(x, gamma), out.mutable_data_ptr(), inverse.mutable_data_ptr<float>(), on.stream());
  on.launched();
  return {out, inverse};
}

std::tuple<at::Tensor, at::Tensor> head_backward_op(const at::Tensor& out_grad_any, const at::Tensor& x, const at::Tensor& gamma,
                                                    const at::Tensor& inverse) {
  const OnDevice on(x);
  const at::Tensor out_grad = out_grad_any.to(x.scalar_type());
  const int64_t slices = row_slices(x.size(0));
  at::Tensor x_grad = at::empty(x.sizes(), x.options());
  const at::Tensor parts = room(x, {slices, gamma.numel()});
  head_norm_backward(element_of("head_norm_backward", x), heads_of(x, gamma), out_grad.const_data_ptr(), inverse.const_data_ptr<float>(),
                     x_grad.mutable_data_ptr(), slices, parts.mutable_data_ptr<float>(), on.stream());
  on.launched();
  return {x_grad, over_slices(parts).view(gamma.sizes())};
}

}  // namespace
}  // namespace earthcraft::gpu

TORCH_LIBRARY_IMPL(earthcraft, CUDA, m) {
  using namespace earthcraft::gpu;
  m.impl("modulated_norm_forward", &norm_op);
  m.impl("modulated_norm_backward", &norm_backward_op);
  m.impl("gated_add_forward", &gate_op);
  m.impl("gated_add_backward", &gate_backward_op);
  m.impl("head_norm_forward", &head_op);
  m.impl("head_norm_backward", &head_backward_op);
}
