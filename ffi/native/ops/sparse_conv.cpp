// sparse_conv: submanifold, strided and transposed convolution of sparse voxels, all by lists of (input row, output row) pairs.
//
// Shapes:  feats [N, Ci], weight [taps, Ci, Co], bias [Co], residual [rows, Co], out [rows, Co]; pairs, starts from conv_pairs.
// A residual is added to the sums as they are written; the result has its type, so that a stream of f32 stays f32 beside products of bf16.
// A submanifold convolution gives no pairs_back: its map is its own mirror image (tap t seen from the other voxel is tap taps − 1 − t).
// f32 runs the blocked kernel, bf16 runs it on f32 copies (sums stay f32), f64 runs the plain reference.

#include "../kernels/sparse_conv.h"

#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>
#include <tuple>

#include "autocast.h"
#include "scratch.h"
#include "sparse_conv.h"
#include "sparse_conv_reference.h"

namespace earthcraft {
namespace {

using OptionalTensor = std::optional<at::Tensor>;

struct CheckedPairs {
  at::Tensor pairs, starts;
  ConvPairs view;
};

CheckedPairs checked_pairs(const char* argument, const at::Tensor& pairs, const at::Tensor& starts, int64_t taps, int64_t in_rows, int64_t out_rows) {
  const int64_t blocks = check_conv_pairs(argument, pairs, starts, taps, out_rows);
  CheckedPairs checked{pairs.contiguous(), starts.contiguous(), {}};
  const int64_t count = pairs.size(1);
  const int32_t* in = checked.pairs.const_data_ptr<int32_t>();
  const int32_t* out = in + count;
  const int64_t* start = checked.starts.const_data_ptr<int64_t>();
  TORCH_CHECK_INDEX(start[0] == 0 && start[blocks * taps] == count && std::is_sorted(start, start + blocks * taps + 1), "sparse_conv: the starts of ",
                    argument, " must ascend from 0 to ", count);
  // Negative rows are the highest of all as unsigned numbers.
  const auto highest = [&](const int32_t* rows, int64_t block, int64_t first) {
    uint32_t most = 0;
    for (int64_t p = start[block * taps]; p < start[(block + 1) * taps]; ++p)
      most = std::max(most, static_cast<uint32_t>(rows[p]) - static_cast<uint32_t>(first));
    return most;
  };
  const auto holds_pairs = [&](int64_t block) { return start[block * taps] < start[(block + 1) * taps]; };
  const auto rows_of = [&](int64_t block) { return std::min(kConvBlock, out_rows - block * kConvBlock); };
  const int64_t bad = at::parallel_reduce(
      0, blocks, 64, blocks,
      [&](int64_t begin, int64_t end, int64_t none) {
        for (int64_t block = begin; block < end; ++block)
          if (holds_pairs(block) && (highest(in, block, 0) >= in_rows || highest(out, block, block * kConvBlock) >= rows_of(block))) return block;
        return none;
      },
      [](int64_t a, int64_t b) { return std::min(a, b); });
  if (bad < blocks) {
    TORCH_CHECK_INDEX(highest(in, bad, 0) < in_rows, "sparse_conv: ", argument, " name input row ", static_cast<int32_t>(highest(in, bad, 0)),
                      ", but there are ", in_rows);
    TORCH_CHECK_INDEX(false, "sparse_conv: ", argument, " put an output row outside of its block, rows ", bad * kConvBlock, " to ",
                      bad * kConvBlock + rows_of(bad) - 1);
  }
  checked.view = {in, out, start, taps, out_rows};
  return checked;
}

// A weight as conv_forward reads it.
struct KernelWeight {
  at::Tensor held;
  int64_t tap_stride, column_stride, row_stride;
};

// [taps, depth, columns]: as it stands where rows are short and whole, else in padded panels.
KernelWeight forward_weight(const at::Tensor& weight) {
  const int64_t taps = weight.size(0), depth = weight.size(1), columns = weight.size(2), wide = padded_columns(columns);
  if (columns == wide && columns <= 2 * kPanel) return {weight, depth * columns, 1, columns};
  at::Tensor packed = at::empty({taps, wide, depth}, weight.options());
  const float* from = weight.const_data_ptr<float>();
  float* to = packed.mutable_data_ptr<float>();
  const auto kernel = EC_KERNEL(pack_panels);
  at::parallel_for(0, taps, std::max<int64_t>(1, 65536 / std::max<int64_t>(1, wide * depth)), [&](int64_t begin, int64_t end) {
    for (int64_t tap = begin; tap < end; ++tap) kernel(from + tap * depth * columns, columns, depth, columns, to + tap * wide * depth);
  });
  return {packed, wide * depth, depth, 0};
}

// [taps, columns, depth], read the other way: what turns gradients of outputs into gradients of inputs.
KernelWeight backward_weight(const at::Tensor& weight) {
  const int64_t taps = weight.size(0), columns = weight.size(1), depth = weight.size(2), wide = padded_columns(columns);
  at::Tensor packed = at::empty({taps, wide, depth}, weight.options());
  const float* from = weight.const_data_ptr<float>();
  float* to = packed.mutable_data_ptr<float>();
  const auto kernel = EC_KERNEL(pack_panels_swapped);
  at::parallel_for(0, taps, std::max<int64_t>(1, 65536 / std::max<int64_t>(1, wide * depth)), [&](int64_t begin, int64_t end) {
    for (int64_t tap = begin; tap < end; ++tap) kernel(from + tap * columns * depth, depth, columns, to + tap * wide * depth);
  });
  return {packed, wide * depth, depth, 0};
}

// Blocks a thread takes at least: some 2 MFLOP of work.
int64_t block_grain(const ConvPairs& pairs, int64_t blocks, int64_t in_channels, int64_t out_channels) {
  const int64_t work = 2 * pairs.starts[blocks * pairs.taps] * in_channels * out_channels / std::max<int64_t>(1, blocks);
  return std::max<int64_t>(1, 2'000'000 / std::max<int64_t>(1, work));
}

at::Tensor forward_f32(const at::Tensor& feats, const KernelWeight& weight, int64_t out_channels, const OptionalTensor& bias, const ConvPairs& pairs,
                       bool mirrored, const OptionalTensor& residual) {
  at::Tensor out = at::empty({pairs.rows, out_channels}, feats.options());
  at::Tensor wide_bias;
  if (bias.has_value()) wide_bias = at::constant_pad_nd(*bias, {0, padded_columns(out_channels) - out_channels}).contiguous();
  const ConvForward task{pairs,
                         mirrored,
                         feats.const_data_ptr<float>(),
                         feats.size(1),
                         weight.held.const_data_ptr<float>(),
                         weight.tap_stride,
                         weight.column_stride,
                         weight.row_stride,
                         wide_bias.defined() ? wide_bias.const_data_ptr<float>() : nullptr,
                         residual.has_value() ? residual->const_data_ptr<float>() : nullptr,
                         out.mutable_data_ptr<float>(),
                         out_channels};
  const int64_t blocks = (pairs.rows + kConvBlock - 1) / kConvBlock;
  const auto kernel = EC_KERNEL(conv_forward);
  const int64_t panels = (out_channels + kPanel - 1) / kPanel;
  at::parallel_for(0, blocks * panels, block_grain(pairs, blocks, feats.size(1), std::min(out_channels, kPanel)),
                   [&](int64_t begin, int64_t end) { kernel(task, begin, end, thread_scratch(kConvBlock * kPanel)); });
  return out;
}

at::Tensor weight_grad_f32(const at::Tensor& feats, const at::Tensor& out_grad, const ConvPairs& pairs) {
  const int64_t channels = out_grad.size(1), wide = padded_columns(channels), blocks = (pairs.rows + kConvBlock - 1) / kConvBlock;
  const at::Tensor grad = wide == channels ? out_grad : at::constant_pad_nd(out_grad, {0, wide - channels});
  const int64_t size = pairs.taps * feats.size(1) * wide;
  // Slices of rows sum on their own and are added in order: the same result on any number of threads.
  const int64_t slices = std::clamp<int64_t>(std::min<int64_t>(blocks / 8, (16 << 20) / std::max<int64_t>(1, size)), 1, 16);
  const int64_t groups = slices >= 8 ? std::min<int64_t>(3, pairs.taps) : std::min<int64_t>(9, pairs.taps);
  at::Tensor partial = at::zeros({slices, pairs.taps, feats.size(1), wide}, feats.options());
  const ConvWeightGrad task{pairs, feats.const_data_ptr<float>(), feats.size(1), grad.const_data_ptr<float>(), wide};
  const auto kernel = EC_KERNEL(conv_weight_grad);
  float* into = partial.mutable_data_ptr<float>();
  const int64_t grain = std::max<int64_t>(1, block_grain(pairs, blocks, feats.size(1), wide) * slices * groups / std::max<int64_t>(1, blocks));
  at::parallel_for(0, slices * groups, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t slice = i / groups, group = i % groups;
      kernel(task, slice * blocks / slices, (slice + 1) * blocks / slices, group * pairs.taps / groups, (group + 1) * pairs.taps / groups,
             into + slice * size);
    }
  });
  const at::Tensor total = slices == 1 ? partial[0] : partial.sum(0);
  return wide == channels ? total : total.narrow(2, 0, channels).contiguous();
}

OptionalTensor as_f32(const OptionalTensor& any) { return any.has_value() ? OptionalTensor(any->to(at::kFloat).contiguous()) : std::nullopt; }

at::Tensor sparse_conv(const at::Tensor& feats, const at::Tensor& weight, const OptionalTensor& bias, const at::Tensor& pairs,
                       const at::Tensor& starts, const OptionalTensor& pairs_back, const OptionalTensor& starts_back, int64_t rows,
                       const OptionalTensor& residual) {
  check_conv_operands(feats, weight, bias);
  check_conv_rows(feats, pairs_back, starts_back, rows);
  check_conv_residual(feats, weight, rows, residual);
  const CheckedPairs checked = checked_pairs("pairs", pairs, starts, weight.size(0), feats.size(0), rows);
  if (feats.scalar_type() == at::kDouble) {
    const at::Tensor in = feats.contiguous(), w = weight.contiguous();
    at::Tensor out = at::zeros({rows, weight.size(2)}, feats.options());
    if (bias.has_value()) out += *bias;
    if (residual.has_value()) out += *residual;
    ConvReference<double>{checked.view, feats.size(1), weight.size(2)}.forward(in.const_data_ptr<double>(), w.const_data_ptr<double>(),
                                                                               out.mutable_data_ptr<double>());
    return out;
  }
  return forward_f32(feats.to(at::kFloat).contiguous(), forward_weight(weight.to(at::kFloat).contiguous()), weight.size(2), as_f32(bias),
                     checked.view, false, as_f32(residual))
      .to(residual.has_value() ? residual->scalar_type() : feats.scalar_type());
}

std::tuple<at::Tensor, at::Tensor> sparse_conv_backward(const at::Tensor& out_grad, const at::Tensor& feats, const at::Tensor& weight,
                                                        const at::Tensor& pairs, const at::Tensor& starts, const OptionalTensor& pairs_back,
                                                        const OptionalTensor& starts_back, bool feats_grad, bool weight_grad) {
  check_conv_operands(feats, weight, std::nullopt);
  check_conv_grad(out_grad, feats, weight);
  const int64_t rows = out_grad.size(0), taps = weight.size(0);
  const CheckedPairs checked = checked_pairs("pairs", pairs, starts, taps, feats.size(0), rows);
  if (feats.scalar_type() == at::kDouble) {
    const at::Tensor in = feats.contiguous(), w = weight.contiguous(), grad = out_grad.contiguous();
    at::Tensor in_grad = at::zeros_like(in), w_grad = at::zeros_like(w);
    ConvReference<double>{checked.view, feats.size(1), weight.size(2)}.backward(in.const_data_ptr<double>(), w.const_data_ptr<double>(),
                                                                                grad.const_data_ptr<double>(), in_grad.mutable_data_ptr<double>(),
                                                                                w_grad.mutable_data_ptr<double>());
    return {in_grad, w_grad};
  }
  const at::Tensor grad = out_grad.to(at::kFloat).contiguous();
  at::Tensor in_grad, w_grad;
  if (feats_grad) {
    const KernelWeight packed = backward_weight(weight.to(at::kFloat).contiguous());
    if (pairs_back.has_value()) {
      const CheckedPairs back = checked_pairs("pairs_back", *pairs_back, *starts_back, taps, rows, feats.size(0));
      in_grad = forward_f32(grad, packed, feats.size(1), std::nullopt, back.view, false, std::nullopt).to(feats.scalar_type());
    } else {
      in_grad = forward_f32(grad, packed, feats.size(1), std::nullopt, checked.view, true, std::nullopt).to(feats.scalar_type());
    }
  }
  if (weight_grad) w_grad = weight_grad_f32(feats.to(at::kFloat).contiguous(), grad, checked.view).to(weight.scalar_type());
  return {in_grad, w_grad};
}

at::Tensor call_sparse_conv(const at::Tensor& feats, const at::Tensor& weight, const OptionalTensor& bias, const at::Tensor& pairs,
                            const at::Tensor& starts, const OptionalTensor& pairs_back, const OptionalTensor& starts_back, int64_t rows,
                            const OptionalTensor& residual) {
  static const auto op = c10::Dispatcher::singleton().findSchemaOrThrow("earthcraft::sparse_conv", "").typed<decltype(sparse_conv)>();
  return op.call(feats, weight, bias, pairs, starts, pairs_back, starts_back, rows, residual);
}

using torch::autograd::variable_list;

struct SparseConvFunction : torch::autograd::Function<SparseConvFunction> {
  static at::Tensor forward(torch::autograd::AutogradContext* ctx, const at::Tensor& feats, const at::Tensor& weight, const OptionalTensor& bias,
                            const at::Tensor& pairs, const at::Tensor& starts, const OptionalTensor& pairs_back, const OptionalTensor& starts_back,
                            int64_t rows, const OptionalTensor& residual) {
    at::AutoDispatchBelowADInplaceOrView guard;
    ctx->save_for_backward({feats, weight, pairs, starts, pairs_back.value_or(at::Tensor()), starts_back.value_or(at::Tensor())});
    ctx->saved_data["residual"] = residual.has_value();
    return call_sparse_conv(feats, weight, bias, pairs, starts, pairs_back, starts_back, rows, residual);
  }

  static variable_list backward(torch::autograd::AutogradContext* ctx, const variable_list& grads) {
    const variable_list saved = ctx->get_saved_variables();
    static const auto op =
        c10::Dispatcher::singleton().findSchemaOrThrow("earthcraft::sparse_conv_backward", "").typed<decltype(sparse_conv_backward)>();
    const auto given = [](const at::Tensor& tensor) { return tensor.defined() ? OptionalTensor(tensor) : std::nullopt; };
    const at::Tensor grad = grads[0].to(saved[0].scalar_type());  // a residual may be wider than the features
    variable_list result(9);
    std::tie(result[0], result[1]) =
        op.call(grad, saved[0], saved[1], saved[2], saved[3], given(saved[4]), given(saved[5]), ctx->needs_input_grad(0), ctx->needs_input_grad(1));
    if (ctx->needs_input_grad(2)) result[2] = grad.sum(0);
    if (ctx->saved_data["residual"].toBool()) result[8] = grads[0];
    return result;
  }
};

at::Tensor sparse_conv_autograd(const at::Tensor& feats, const at::Tensor& weight, const OptionalTensor& bias, const at::Tensor& pairs,
                                const at::Tensor& starts, const OptionalTensor& pairs_back, const OptionalTensor& starts_back, int64_t rows,
                                const OptionalTensor& residual) {
  return SparseConvFunction::apply(feats, weight, bias, pairs, starts, pairs_back, starts_back, rows, residual);
}

template <c10::DeviceType device>
at::Tensor sparse_conv_autocast(const at::Tensor& feats, const at::Tensor& weight, const OptionalTensor& bias, const at::Tensor& pairs,
                                const at::Tensor& starts, const OptionalTensor& pairs_back, const OptionalTensor& starts_back, int64_t rows,
                                const OptionalTensor& residual) {
  const NoAutocast<device> guard;
  return call_sparse_conv(lowered(feats, device), lowered(weight, device), lowered(bias, device), pairs, starts, pairs_back, starts_back, rows,
                          residual);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(earthcraft, m) {
  m.def(
      "sparse_conv(Tensor feats, Tensor weight, Tensor? bias, Tensor pairs, Tensor starts, Tensor? pairs_back, Tensor? starts_back, int rows, "
      "Tensor? residual=None) -> Tensor");
  m.def(
      "sparse_conv_backward(Tensor out_grad, Tensor feats, Tensor weight, Tensor pairs, Tensor starts, Tensor? pairs_back, Tensor? starts_back, bool "
      "feats_grad, bool weight_grad) -> (Tensor feats_grad, Tensor weight_grad)");
}

TORCH_LIBRARY_IMPL(earthcraft, CPU, m) {
  m.impl("sparse_conv", &sparse_conv);
  m.impl("sparse_conv_backward", &sparse_conv_backward);
}
TORCH_LIBRARY_IMPL(earthcraft, Autograd, m) { m.impl("sparse_conv", &sparse_conv_autograd); }
TORCH_LIBRARY_IMPL(earthcraft, AutocastCPU, m) { m.impl("sparse_conv", &sparse_conv_autocast<c10::DeviceType::CPU>); }
TORCH_LIBRARY_IMPL(earthcraft, AutocastCUDA, m) { m.impl("sparse_conv", &sparse_conv_autocast<c10::DeviceType::CUDA>); }

}  // namespace earthcraft
