// y = x Wᵀ + b, and its three gradients. f32 on the CPU takes our own kernels where libtorch's MKL is the slower one: on processors that are not
// Intel's it runs at half their speed (and oneDNN, which is as quick as ours, prepares itself anew for every number of voxels). bf16 takes them where
// the processor lacks AVX-512, as libtorch then multiplies ten times as slowly as in f32, and on Intel's that have it without tiles, where libtorch
// takes half as long again. Blocks of rows are made f32 as they pass, sums stay f32. Every
// other type, device and processor goes to ATen, whose double is the reference (GPUs sum the bias's gradient in bf16 themselves:
// cuda/ops/linear.cpp).
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

#include "autocast.h"
#include "bf16_tiles.h"
#include "linear.h"
#include "scratch.h"

namespace earthcraft {
namespace {

using OptionalTensor = std::optional<at::Tensor>;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kFewRows = 16;          // below, packing the weight would cost more than the product
constexpr int64_t kSumRows = 1024;        // rows of the bias's gradient that add up on their own, whatever the number of threads
constexpr int64_t kWidenedRows = 4096;    // of bf16 that the weight's gradient takes at a time
constexpr int64_t kThreadWork = 1 << 20;  // multiply-adds a thread takes at least

// Whose products of a type to take, where rows are many.
struct Faster {
  bool f32, bf16;
};

// EARTHCRAFT_LINEAR=ours|libtorch decides in the processor's place, for tests and to compare.
Faster ours_is_faster() {
  static const Faster answer = []() -> Faster {
    const char* forced = std::getenv("EARTHCRAFT_LINEAR");
    if (forced != nullptr && std::strcmp(forced, "ours") == 0) return {true, true};
    if (forced != nullptr && std::strcmp(forced, "libtorch") == 0) return {false, false};
#if defined(__x86_64__)
    const bool intel = __builtin_cpu_is("intel"), wide = cpu_variant() == CpuVariant::avx512;
    return {cpu_variant() != CpuVariant::baseline && !intel, cpu_variant() == CpuVariant::avx2 || (wide && intel && !has_bf16_tiles())};
#else
    return {false, false};
#endif
  }();
  return answer;
}

bool plain(const at::Tensor& t, at::ScalarType type) { return t.is_cpu() && t.scalar_type() == type && t.layout() == at::kStrided; }

bool ours(const at::Tensor& x, const at::Tensor& weight, const OptionalTensor& bias) {
  const at::ScalarType type = x.scalar_type();
  return (type == at::kFloat ? ours_is_faster().f32 : type == at::kBFloat16 && ours_is_faster().bf16) && plain(x, type) && plain(weight, type) &&
         (!bias.has_value() || plain(*bias, type)) && x.dim() >= 1 && weight.dim() == 2 && weight.numel() > 0 &&
         x.numel() >= kFewRows * weight.size(1);
}

// Panels of a dense [depth, columns] f32, or of its transpose where `swapped`.
at::Tensor packed(const at::Tensor& dense, int64_t depth, int64_t columns, bool swapped) {
  at::Tensor panels = at::empty({padded_columns(columns) * depth}, dense.options());
  const float* from = dense.const_data_ptr<float>();
  if (swapped)
    EC_KERNEL(pack_panels_swapped)(from, depth, columns, panels.mutable_data_ptr<float>());
  else
    EC_KERNEL(pack_panels)(from, columns, depth, columns, panels.mutable_data_ptr<float>());
  return panels;
}

// out [rows, columns] = a [rows, depth] · panels + bias, in a's type; bias f32 or undefined.
void product(const at::Tensor& a, const at::Tensor& panels, const at::Tensor& bias, int64_t rows, int64_t depth, int64_t columns, at::Tensor& out) {
  const float *b = panels.const_data_ptr<float>(), *added = bias.defined() ? bias.const_data_ptr<float>() : nullptr;
  const int64_t blocks = (rows + kLinearRows - 1) / kLinearRows, grain = std::max<int64_t>(1, kThreadWork / (kLinearRows * depth * columns + 1));
  if (a.scalar_type() == at::kFloat) {
    const float* from = a.const_data_ptr<float>();
    float* to = out.mutable_data_ptr<float>();
    at::parallel_for(0, blocks, grain, [&, kernel = EC_KERNEL(linear_rows)](int64_t begin, int64_t end) {
      kernel(from, b, added, depth, columns, begin * kLinearRows, std::min(end * kLinearRows, rows), to);
    });
  } else {
    const auto* from = static_cast<const uint16_t*>(a.const_data_ptr());
    auto* to = static_cast<uint16_t*>(out.mutable_data_ptr());
    at::parallel_for(0, blocks, grain, [&, kernel = EC_KERNEL(linear_rows_bf16)](int64_t begin, int64_t end) {
      kernel(from, b, added, depth, columns, begin * kLinearRows, std::min(end * kLinearRows, rows), thread_scratch(kLinearRows * (depth + columns)),
             to);
    });
  }
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

at::Tensor sum_of_rows(const at::Tensor& x, int64_t rows, int64_t columns) {
  const int64_t slices = std::max<int64_t>(1, (rows + kSumRows - 1) / kSumRows);
  at::Tensor sums = at::zeros({slices, columns}, x.options());
  const float* from = x.const_data_ptr<float>();
  float* to = sums.mutable_data_ptr<float>();
  const auto kernel = EC_KERNEL(column_sums);
  at::parallel_for(0, slices, std::max<int64_t>(1, 64 * 1024 / (kSumRows * columns + 1)), [&](int64_t begin, int64_t end) {
    for (int64_t s = begin; s < end; ++s) kernel(from, columns, s * kSumRows, std::min((s + 1) * kSumRows, rows), to + s * columns);
  });
  return slices == 1 ? sums[0] : sums.sum(0);
}

at::Tensor linear_op(const at::Tensor& x_any, const at::Tensor& weight_any, const OptionalTensor& bias_any) {
  check_linear(x_any, weight_any, bias_any);
  if (!ours(x_any, weight_any, bias_any)) return at::linear(x_any, weight_any, bias_any);
  const at::Tensor x = x_any.contiguous(), weight = weight_any.to(at::kFloat).contiguous(),
                   bias = bias_any.has_value() ? bias_any->to(at::kFloat).contiguous() : at::Tensor();
  const int64_t depth = weight.size(1), columns = weight.size(0), rows = x.numel() / depth;
  std::vector<int64_t> sizes = x.sizes().vec();
  sizes.back() = columns;
  at::Tensor out = at::empty(sizes, x.options());
  product(x, packed(weight, depth, columns, true), bias, rows, depth, columns, out);
  return out;
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> linear_backward_op(const at::Tensor& out_grad_any, const at::Tensor& x_any,
                                                                  const at::Tensor& weight_any, bool x_wanted, bool weight_wanted, bool bias_wanted) {
  check_linear_grad(out_grad_any, x_any, weight_any);
  const int64_t depth = weight_any.size(1), columns = weight_any.size(0), rows = x_any.numel() / std::max<int64_t>(1, depth);
  const at::Tensor out_grad = out_grad_any.contiguous(), x = x_any.contiguous(), weight = weight_any.contiguous();
  const at::Tensor slopes = out_grad.reshape({rows, columns}), features = x.reshape({rows, depth});
  at::Tensor x_grad, weight_grad, bias_grad;
  if (!(plain(out_grad, x.scalar_type()) && ours(x, weight, std::nullopt))) {
    if (x_wanted) x_grad = at::mm(slopes, weight).reshape(x.sizes());
    if (weight_wanted) weight_grad = at::mm(slopes.t(), features);
    if (bias_wanted) bias_grad = slopes.sum(0);
    return {x_grad, weight_grad, bias_grad};
  }
  if (x_wanted) {
    x_grad = at::empty(x.sizes(), x.options());
    product(out_grad, packed(weight.to(at::kFloat), columns, depth, false), {}, rows, columns, depth, x_grad);
  }
  // bf16 becomes f32 so many rows at a time, which bounds the memory that takes.
  const int64_t step = x.scalar_type() == at::kFloat ? rows : kWidenedRows;
  for (int64_t first = 0; first < rows && (weight_wanted || bias_wanted); first += step) {
    const int64_t count = std::min(step, rows - first);
    const at::Tensor slope = slopes.narrow(0, first, count).to(at::kFloat);
    if (weight_wanted) {
      const at::Tensor part = at::empty({columns, depth}, slope.options());
      outer(slope.const_data_ptr<float>(), features.narrow(0, first, count).to(at::kFloat).const_data_ptr<float>(), columns, depth, count,
            part.mutable_data_ptr<float>());
      weight_grad = first == 0 ? part : weight_grad.add_(part);
    }
    if (bias_wanted) bias_grad = first == 0 ? sum_of_rows(slope, count, columns) : bias_grad.add_(sum_of_rows(slope, count, columns));
  }
  if (weight_wanted) weight_grad = weight_grad.to(x.scalar_type());
  if (bias_wanted) bias_grad = bias_grad.to(x.scalar_type());
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

// On GPUs the gradient of a bias in bf16 is our own sum (cuda/ops/linear.cpp).
bool own_gradients(const at::Tensor& x, const at::Tensor& weight, const OptionalTensor& bias) {
  return ours(x, weight, bias) || (x.is_cuda() && x.scalar_type() == at::kBFloat16 && bias.has_value() && bias->requires_grad());
}

at::Tensor linear_autograd(const at::Tensor& x, const at::Tensor& weight, const OptionalTensor& bias) {
  check_linear(x, weight, bias);
  return own_gradients(x, weight, bias) ? LinearFunction::apply(x, weight, bias) : at::linear(x, weight, bias);
}

// ATen's policy: everything in the region's low precision.
template <c10::DeviceType device>
at::Tensor linear_autocast(const at::Tensor& x, const at::Tensor& weight, const OptionalTensor& bias) {
  const NoAutocast<device> guard;
  static const auto op = c10::Dispatcher::singleton().findSchemaOrThrow("earthcraft::linear", "").typed<decltype(linear_op)>();
  return op.call(lowered(x, device), lowered(weight, device), lowered(bias, device));
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
TORCH_LIBRARY_IMPL(earthcraft, AutocastCPU, m) { m.impl("linear", &linear_autocast<c10::DeviceType::CPU>); }
TORCH_LIBRARY_IMPL(earthcraft, AutocastCUDA, m) { m.impl("linear", &linear_autocast<c10::DeviceType::CUDA>); }

}  // namespace earthcraft
