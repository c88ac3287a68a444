// y = x Wᵀ + b, and its three gradients. f32 on the CPU takes our own kernels where libtorch's MKL is the slower one: on processors that are not
// Intel's it runs at half their speed (and oneDNN, which is as quick as ours, prepares itself anew for every number of voxels). Every other type,
// device and processor goes to ATen, whose double is the reference.
//
// Shapes:  x [..., in], weight [out, in], bias [out] or none; out [..., out].

#include "../kernels/linear.h"

#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <tuple>
#include <vector>

#include "scratch.h"

namespace earthcraft {
namespace {

using OptionalTensor = std::optional<at::Tensor>;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kFewRows = 16;          // below, packing the weight would cost more than the product
constexpr int64_t kSumRows = 1024;        // rows of the bias's gradient that add up on their own, whatever the number of threads
constexpr int64_t kThreadWork = 1 << 20;  // multiply-adds a thread takes at least

// EARTHCRAFT_LINEAR=ours|libtorch decides in the processor's place, for tests and to compare.
bool ours_is_faster() {
  static const bool answer = [] {
    const char* forced = std::getenv("EARTHCRAFT_LINEAR");
    if (forced != nullptr && std::strcmp(forced, "ours") == 0) return true;
    if (forced != nullptr && std::strcmp(forced, "libtorch") == 0) return false;
#if defined(__x86_64__)
    return cpu_variant() != CpuVariant::baseline && !__builtin_cpu_is("intel");
#else
    return false;
#endif
  }();
  return answer;
}

bool plain_f32(const at::Tensor& t) { return t.is_cpu() && t.scalar_type() == at::kFloat && t.layout() == at::kStrided; }

bool ours(const at::Tensor& x, const at::Tensor& weight, const OptionalTensor& bias) {
  return ours_is_faster() && plain_f32(x) && plain_f32(weight) && (!bias.has_value() || plain_f32(*bias)) && x.dim() >= 1 && weight.dim() == 2 &&
         weight.numel() > 0 && x.numel() >= kFewRows * weight.size(1);
}

void check_linear(const at::Tensor& x, const at::Tensor& weight, const OptionalTensor& bias) {
  TORCH_CHECK(x.dim() >= 1 && weight.dim() == 2 && x.size(-1) == weight.size(1), "linear: weight must be [out, ", x.dim() > 0 ? x.size(-1) : 0,
              "] for x ", x.sizes(), ", got ", weight.sizes());
  TORCH_CHECK(!bias.has_value() || (bias->dim() == 1 && bias->size(0) == weight.size(0)), "linear: bias must be [", weight.size(0), "] for weight ",
              weight.sizes(), ", got ", bias.has_value() ? bias->sizes() : at::IntArrayRef());
}

// out [rows, columns] = a [rows, depth] · b + bias; b [depth, columns], or stored the other way where `swapped`.
void product(const float* a, const float* b, bool swapped, const float* bias, int64_t rows, int64_t depth, int64_t columns, float* out) {
  const at::Tensor panels = at::empty({padded_columns(columns) * depth}, at::kFloat);
  float* packed = panels.mutable_data_ptr<float>();
  if (swapped)
    EC_KERNEL(pack_panels_swapped)(b, depth, columns, packed);
  else
    EC_KERNEL(pack_panels)(b, columns, depth, columns, packed);
  const int64_t blocks = (rows + kLinearRows - 1) / kLinearRows;
  const auto kernel = EC_KERNEL(linear_rows);
  at::parallel_for(0, blocks, std::max<int64_t>(1, kThreadWork / (kLinearRows * depth * columns + 1)), [&](int64_t begin, int64_t end) {
    kernel(a, packed, bias, depth, columns, begin * kLinearRows, std::min(end * kLinearRows, rows), out);
  });
}

// out [rows, columns] = aᵀ · b; a [depth, rows], b [depth, columns]
void outer(const float* a, const float* b, int64_t rows, int64_t columns, int64_t depth, float* out) {
  // Rows a task takes: each packs b once more, so as many as threads leave.
  const int64_t share = (rows + at::get_num_threads() - 1) / at::get_num_threads();
  const int64_t step = depth * rows * columns < kThreadWork ? kLinearRows : std::clamp<int64_t>((share + 11) / 12 * 12, 12, kLinearRows);
  const auto kernel = EC_KERNEL(linear_outer);
  at::parallel_for(0, (rows + step - 1) / step, 1, [&](int64_t begin, int64_t end) {
    float* scratch = thread_scratch(kLinearDepth * (kLinearRows + padded_columns(columns)));
    for (int64_t task = begin; task < end; ++task) kernel(a, b, rows, columns, depth, task * step, std::min((task + 1) * step, rows), scratch, out);
  });
}

at::Tensor sum_of_rows(const float* x, int64_t rows, int64_t columns, const at::TensorOptions& options) {
  const int64_t slices = std::max<int64_t>(1, (rows + kSumRows - 1) / kSumRows);
  at::Tensor sums = at::zeros({slices, columns}, options);
  float* to = sums.mutable_data_ptr<float>();
  const auto kernel = EC_KERNEL(column_sums);
  at::parallel_for(0, slices, std::max<int64_t>(1, 64 * 1024 / (kSumRows * columns + 1)), [&](int64_t begin, int64_t end) {
    for (int64_t s = begin; s < end; ++s) kernel(x, columns, s * kSumRows, std::min((s + 1) * kSumRows, rows), to + s * columns);
  });
  return slices == 1 ? sums[0] : sums.sum(0);
}

at::Tensor linear_op(const at::Tensor& x_any, const at::Tensor& weight_any, const OptionalTensor& bias_any) {
  check_linear(x_any, weight_any, bias_any);
  if (!ours(x_any, weight_any, bias_any)) return at::linear(x_any, weight_any, bias_any);
  const at::Tensor x = x_any.contiguous(), weight = weight_any.contiguous(), bias = bias_any.has_value() ? bias_any->contiguous() : at::Tensor();
  const int64_t depth = weight.size(1), columns = weight.size(0), rows = x.numel() / depth;
  std::vector<int64_t> sizes = x.sizes().vec();
  sizes.back() = columns;
  at::Tensor out = at::empty(sizes, x.options());
  product(x.const_data_ptr<float>(), weight.const_data_ptr<float>(), true, bias.defined() ? bias.const_data_ptr<float>() : nullptr, rows, depth,
          columns, out.mutable_data_ptr<float>());
  return out;
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> linear_backward_op(const at::Tensor& out_grad_any, const at::Tensor& x_any,
                                                                  const at::Tensor& weight_any, bool x_wanted, bool weight_wanted, bool bias_wanted) {
  check_linear(x_any, weight_any, std::nullopt);
  const int64_t depth = weight_any.size(1), columns = weight_any.size(0), rows = x_any.numel() / std::max<int64_t>(1, depth);
  TORCH_CHECK(out_grad_any.numel() == rows * columns, "linear_backward: out_grad must be [", rows, ", ", columns, "] for x ", x_any.sizes(),
              " and weight ", weight_any.sizes(), ", got ", out_grad_any.sizes());
  const at::Tensor out_grad = out_grad_any.contiguous(), x = x_any.contiguous(), weight = weight_any.contiguous();
  at::Tensor x_grad, weight_grad, bias_grad;
  if (!(plain_f32(out_grad) && ours(x, weight, std::nullopt))) {
    const at::Tensor flat = out_grad.reshape({rows, columns});
    if (x_wanted) x_grad = at::mm(flat, weight).reshape(x.sizes());
    if (weight_wanted) weight_grad = at::mm(flat.t(), x.reshape({rows, depth}));
    if (bias_wanted) bias_grad = flat.sum(0);
    return {x_grad, weight_grad, bias_grad};
  }
  const float *from = x.const_data_ptr<float>(), *slope = out_grad.const_data_ptr<float>(), *w = weight.const_data_ptr<float>();
  if (x_wanted) {
    x_grad = at::empty(x.sizes(), x.options());
    product(slope, w, false, nullptr, rows, columns, depth, x_grad.mutable_data_ptr<float>());
  }
  if (weight_wanted) {
    weight_grad = at::empty(weight.sizes(), weight.options());
    outer(slope, from, columns, depth, rows, weight_grad.mutable_data_ptr<float>());
  }
  if (bias_wanted) bias_grad = sum_of_rows(slope, rows, columns, x.options());
  return {x_grad, weight_grad, bias_grad};
}

struct LinearFunction : torch::autograd::Function<LinearFunction> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, const at::Tensor& weight, const OptionalTensor& bias) {
    at::AutoDispatchBelowADInplaceOrView guard;
    ctx->save_for_backward({x, weight});
    ctx->saved_data["bias"] = bias.has_value() && bias->requires_grad();
    static const auto op = c10::Dispatcher::singleton().findSchemaOrThrow("earthcraft::linear", "").typed<decltype(linear_op)>();
    return op.call(x, weight, bias);
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const variable_list saved = ctx->get_saved_variables();
    static const auto op = c10::Dispatcher::singleton().findSchemaOrThrow("earthcraft::linear_backward", "").typed<decltype(linear_backward_op)>();
    auto [x_grad, weight_grad, bias_grad] =
        op.call(grads[0], saved[0], saved[1], ctx->needs_input_grad(0), ctx->needs_input_grad(1), ctx->saved_data["bias"].toBool());
    return {x_grad, weight_grad, bias_grad};
  }
};

at::Tensor linear_autograd(const at::Tensor& x, const at::Tensor& weight, const OptionalTensor& bias) {
  check_linear(x, weight, bias);
  return ours(x, weight, bias) ? LinearFunction::apply(x, weight, bias) : at::linear(x, weight, bias);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(earthcraft, m) {
  m.def("linear(Tensor x, Tensor weight, Tensor? bias=None) -> Tensor");
  m.def(
      "linear_backward(Tensor out_grad, Tensor x, Tensor weight, bool x_wanted, bool weight_wanted, bool bias_wanted) -> (Tensor x_grad, Tensor "
      "weight_grad, Tensor bias_grad)");
}

TORCH_LIBRARY_IMPL(earthcraft, CompositeExplicitAutograd, m) {
  m.impl("linear", &linear_op);
  m.impl("linear_backward", &linear_backward_op);
}
TORCH_LIBRARY_IMPL(earthcraft, Autograd, m) { m.impl("linear", &linear_autograd); }
// ATen's own policy casts, and its kernels take what was cast.
TORCH_LIBRARY_IMPL(earthcraft, AutocastCPU, m) { m.impl("linear", &at::linear); }
TORCH_LIBRARY_IMPL(earthcraft, AutocastCUDA, m) { m.impl("linear", &at::linear); }

}  // namespace earthcraft
