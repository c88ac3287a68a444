// Small dense networks in one pass (Müller et al. 2022, section 4; "fully fused" there): ReLU between layers, no bias, at most 64 wide.
//
// Backward computes the activations again instead of keeping them. The gradient of the weights is summed by slices of samples, whose size their
// number alone sets, and slices are added in order: the same bits at every number of threads. f32 runs the blocked kernel, f64 the plain reference.
//
// Shapes:  x_NC [N, widths[0]], weights: the matrices [widths[l + 1], widths[l]] one after another   ->   [N, last width], stored feature by feature

#include "fused_mlp.h"

#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>
#include <tuple>

#include "autocast.h"
#include "fused_mlp_reference.h"
#include "scratch.h"

namespace earthcraft {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kLeastSlice = 16 * kMlpBlock;
constexpr int64_t kMostSlices = 64;

at::Tensor fused_mlp_op(const at::Tensor& x_NC, const at::Tensor& weights_any, at::IntArrayRef widths) {
  const MlpShape shape = check_mlp("fused_mlp", x_NC, weights_any, widths);
  const int64_t n = x_NC.size(0), outputs = shape.widths[shape.layers];
  const at::Tensor weights = weights_any.contiguous();
  if (x_NC.scalar_type() == at::kDouble) {
    at::Tensor out = at::empty({n, outputs}, x_NC.options());
    MlpReference<double>{shape, weights.const_data_ptr<double>()}.forward(x_NC.contiguous().const_data_ptr<double>(), n,
                                                                          out.mutable_data_ptr<double>());
    return out;
  }
  const at::Tensor x = x_NC.t().contiguous();
  at::Tensor out = at::empty({outputs, n}, x.options());
  const float *from = x.const_data_ptr<float>(), *matrices = weights.const_data_ptr<float>();
  float* to = out.mutable_data_ptr<float>();
  const auto kernel = EC_KERNEL(mlp_forward);
  at::parallel_for(0, (n + kMlpBlock - 1) / kMlpBlock, 4, [&](int64_t begin, int64_t end) {
    kernel(shape, matrices, from, n, begin * kMlpBlock, std::min(end * kMlpBlock, n), thread_scratch(kMlpScratch), to);
  });
  return out.t();
}

// The sum of slices [slices, padded weights], without the padding.
at::Tensor sum_slices(const MlpShape& shape, const at::Tensor& slices) {
  at::Tensor sums = at::zeros({shape.weights()}, slices.options());
  float* to = sums.mutable_data_ptr<float>();
  const float* from = slices.const_data_ptr<float>();
  const int64_t stride = shape.padded_weights();
  for (int64_t s = 0; s < slices.size(0); ++s) {
    const float* part = from + s * stride;
    float* sum = to;
    for (int l = 0; l < shape.layers; ++l)
      for (int64_t row = 0; row < shape.widths[l + 1]; ++row, part += MlpShape::padded(shape.widths[l]), sum += shape.widths[l])
        for (int64_t i = 0; i < shape.widths[l]; ++i) sum[i] += part[i];
  }
  return sums;
}

std::tuple<at::Tensor, at::Tensor> fused_mlp_backward_op(const at::Tensor& out_grad, const at::Tensor& x_NC, const at::Tensor& weights_any,
                                                         at::IntArrayRef widths, bool x_wanted, bool weights_wanted) {
  const MlpShape shape = check_mlp("fused_mlp_backward", x_NC, weights_any, widths);
  check_mlp_grad(out_grad, x_NC, shape);
  const int64_t n = x_NC.size(0);
  const at::Tensor weights = weights_any.contiguous();
  at::Tensor x_grad, weights_grad;
  if (x_NC.scalar_type() == at::kDouble) {
    if (x_wanted) x_grad = at::empty(x_NC.sizes(), x_NC.options());
    if (weights_wanted) weights_grad = at::zeros(weights.sizes(), weights.options());
    const at::Tensor x = x_NC.contiguous(), grad = out_grad.contiguous();
    MlpReference<double>{shape, weights.const_data_ptr<double>()}.backward(x.const_data_ptr<double>(), grad.const_data_ptr<double>(), n,
                                                                           x_wanted ? x_grad.mutable_data_ptr<double>() : nullptr,
                                                                           weights_wanted ? weights_grad.mutable_data_ptr<double>() : nullptr);
    return {x_grad, weights_grad};
  }
  const at::Tensor x = x_NC.t().contiguous(), grad = out_grad.t().contiguous();
  const int64_t blocks = (n + kMlpBlock - 1) / kMlpBlock;
  const int64_t slice = std::max(kLeastSlice, (blocks + kMostSlices - 1) / kMostSlices * kMlpBlock), slices = (n + slice - 1) / slice;
  if (x_wanted) x_grad = at::empty({shape.widths[0], n}, x.options());
  const at::Tensor sums = weights_wanted ? at::zeros({slices, shape.padded_weights()}, x.options()) : at::Tensor();
  const float *from = x.const_data_ptr<float>(), *slopes = grad.const_data_ptr<float>(), *matrices = weights.const_data_ptr<float>();
  float* x_to = x_wanted ? x_grad.mutable_data_ptr<float>() : nullptr;
  float* sum = weights_wanted ? sums.mutable_data_ptr<float>() : nullptr;
  const auto kernel = EC_KERNEL(mlp_backward);
  at::parallel_for(0, slices, 1, [&](int64_t begin, int64_t end) {
    for (int64_t s = begin; s < end; ++s)
      kernel(shape, matrices, from, slopes, n, s * slice, std::min((s + 1) * slice, n), thread_scratch(kMlpScratch), x_to,
             sum == nullptr ? nullptr : sum + s * shape.padded_weights());
  });
  if (weights_wanted) weights_grad = sum_slices(shape, sums);
  return {x_wanted ? x_grad.t() : x_grad, weights_grad};
}

struct FusedMlpFunction : torch::autograd::Function<FusedMlpFunction> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, const at::Tensor& weights, at::IntArrayRef widths) {
    static const auto op = c10::Dispatcher::singleton().findSchemaOrThrow("earthcraft::fused_mlp", "").typed<decltype(fused_mlp_op)>();
    at::AutoDispatchBelowADInplaceOrView below;
    ctx->save_for_backward({x, weights});
    ctx->saved_data["widths"] = widths.vec();
    return op.call(x, weights, widths);
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    TORCH_CHECK(!at::GradMode::is_enabled(), "fused_mlp: its gradient cannot be differentiated again (create_graph)");
    static const auto op =
        c10::Dispatcher::singleton().findSchemaOrThrow("earthcraft::fused_mlp_backward", "").typed<decltype(fused_mlp_backward_op)>();
    const variable_list saved = ctx->get_saved_variables();
    const auto [x_grad, weights_grad] =
        op.call(grads[0], saved[0], saved[1], ctx->saved_data["widths"].toIntVector(), ctx->needs_input_grad(0), ctx->needs_input_grad(1));
    return {x_grad, weights_grad, at::Tensor()};
  }
};

at::Tensor fused_mlp_autograd(const at::Tensor& x, const at::Tensor& weights, at::IntArrayRef widths) {
  return FusedMlpFunction::apply(x, weights, widths);
}

template <c10::DeviceType device>
at::Tensor fused_mlp_autocast(const at::Tensor& x, const at::Tensor& weights, at::IntArrayRef widths) {
  static const auto op = c10::Dispatcher::singleton().findSchemaOrThrow("earthcraft::fused_mlp", "").typed<decltype(fused_mlp_op)>();
  const NoAutocast<device> off;
  return op.call(at_least_f32(x), at_least_f32(weights), widths);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(earthcraft, m) {
  m.def("fused_mlp(Tensor x, Tensor weights, int[] widths) -> Tensor");
  m.def(
      "fused_mlp_backward(Tensor out_grad, Tensor x, Tensor weights, int[] widths, bool x_wanted, bool weights_wanted) -> (Tensor x_grad, Tensor "
      "weights_grad)");
}
TORCH_LIBRARY_IMPL(earthcraft, CPU, m) {
  m.impl("fused_mlp", &fused_mlp_op);
  m.impl("fused_mlp_backward", &fused_mlp_backward_op);
}
TORCH_LIBRARY_IMPL(earthcraft, Autograd, m) { m.impl("fused_mlp", &fused_mlp_autograd); }
TORCH_LIBRARY_IMPL(earthcraft, AutocastCPU, m) { m.impl("fused_mlp", &fused_mlp_autocast<c10::DeviceType::CPU>); }
TORCH_LIBRARY_IMPL(earthcraft, AutocastCUDA, m) { m.impl("fused_mlp", &fused_mlp_autocast<c10::DeviceType::CUDA>); }

}  // namespace earthcraft
