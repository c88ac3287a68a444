// sparse_conv on a GPU: the twin of ops/sparse_conv.cpp. The shapes are checked, the values of pairs are not: that would wait for the GPU at every
// layer.

#include "../sparse_conv.h"

#include <ATen/ops/add.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <optional>
#include <tuple>

#include "../../ops/sparse_conv.h"
#include "../sparse_conv_sm90.h"
#include "conv_plan.h"
#include "element.h"
#include "launch.h"

namespace earthcraft::gpu {
namespace {

using OptionalTensor = std::optional<at::Tensor>;

Pairs checked_pairs(const char* argument, const at::Tensor& pairs, const at::Tensor& starts, int64_t taps, const at::Tensor& feats,
                    int64_t out_rows) {
  check_conv_pairs(argument, pairs, starts, taps, out_rows);
  check_device("sparse_conv", feats, {{argument, pairs}, {"starts", starts}});
  Pairs checked{pairs.contiguous(), starts.contiguous(), {}};
  const int32_t* in = checked.pairs.const_data_ptr<int32_t>();
  checked.view = {in, in + pairs.size(1), checked.starts.const_data_ptr<int64_t>(), taps, out_rows};
  return checked;
}

void check_operands(const at::Tensor& feats, const at::Tensor& weight, const OptionalTensor& bias) {
  check_conv_operands(feats, weight, bias);
  check_device("sparse_conv", feats, {{"weight", weight}, {"bias", bias.value_or(at::Tensor())}});
}

int64_t padding(int64_t channels) { return (kConvChannels - channels % kConvChannels) % kConvChannels; }

// Dense, its last dimension filled up with zeros to whole copies of 16 bytes.
at::Tensor filled(const at::Tensor& any) {
  const int64_t missing = padding(any.size(-1));
  const at::Tensor dense = missing == 0 ? any.contiguous() : at::constant_pad_nd(any, {0, missing}).contiguous();
  return reinterpret_cast<uintptr_t>(dense.const_data_ptr()) % 16 == 0 ? dense : dense.clone();
}
at::Tensor filled_weight(const at::Tensor& weight) {  // [taps, Ci, Co], both channels
  const int64_t missing = padding(weight.size(1));
  return filled(missing == 0 ? weight : at::constant_pad_nd(weight, {0, 0, 0, missing}));
}
at::Tensor unfilled(const at::Tensor& rows, int64_t channels) { return rows.size(1) == channels ? rows : rows.narrow(1, 0, channels).contiguous(); }

at::ScalarType sum_type(const at::Tensor& feats) { return feats.scalar_type() == at::kDouble ? at::kDouble : at::kFloat; }

// Which of the weight's channels go in: the convolution reads [taps, Ci, Co], the gradient of its input goes from Co to Ci.
enum class Way { there, back };

// The order of a tap's channels for a kernel that reads [taps, in, out] only.
at::Tensor oriented(const at::Tensor& weight, Way way) { return way == Way::there ? weight : weight.transpose(1, 2); }

// On tensor cores of compute capability 9.0.
bool tiled(const at::Tensor& feats, int64_t taps) {
  return feats.scalar_type() == at::kBFloat16 && feats.size(1) > 0 && taps <= kMostTaps && conv_sm90(feats.device().index());
}

at::Tensor forward_tiled(const at::Tensor& feats, const at::Tensor& weight, const at::Tensor& bias, const Pairs& pairs, bool mirrored, Way way) {
  const OnDevice on(feats);
  const int64_t rows = pairs.view.rows, taps = pairs.view.taps, out_channels = weight.size(way == Way::there ? 2 : 1);
  const ConvCut cut = conv_cut(rows, taps, feats.size(1), out_channels);
  const TiledPairs tiles = tiled_pairs(pairs, cut.groups);
  const size_t groups = tiles.groups.size();
  at::Tensor out = at::empty({rows, out_channels}, feats.options()), partial;
  if (groups > 1) partial = at::empty({rows, out_channels}, feats.options().dtype(at::kFloat));
  for (size_t g = 0; g < groups; ++g)
    C10_CUDA_CHECK(
        conv_forward_sm90({tiles.groups[g], taps, mirrored, way == Way::back, feats.const_data_ptr(), weight.const_data_ptr(),
                           bias.defined() ? bias.const_data_ptr<float>() : nullptr, partial.defined() ? partial.mutable_data_ptr<float>() : nullptr,
                           out.mutable_data_ptr(), g == 0, g + 1 == groups, feats.size(1), out_channels, cut.columns},
                          on.stream()));
  return out;
}

at::Tensor forward_blocked(const at::Tensor& feats, const at::Tensor& weight, const at::Tensor& bias, const ConvPairs& pairs, bool mirrored) {
  const OnDevice on(feats);
  at::Tensor out = at::empty({pairs.rows, weight.size(2)}, feats.options());
  conv_forward(element_of("sparse_conv", feats),
               {pairs, mirrored, feats.const_data_ptr(), weight.const_data_ptr(), bias.defined() ? bias.const_data_ptr() : nullptr,
                out.mutable_data_ptr(), feats.size(1), weight.size(2)},
               on.stream());
  on.launched();
  return out;
}

at::Tensor forward(const at::Tensor& feats_any, const at::Tensor& weight_any, const OptionalTensor& bias_any, const Pairs& pairs, bool mirrored,
                   Way way) {
  const at::Tensor feats = filled(feats_any), bias = bias_any.has_value() ? filled(bias_any->to(sum_type(feats))) : at::Tensor();
  const at::Tensor out = tiled(feats, pairs.view.taps) ? forward_tiled(feats, filled_weight(weight_any), bias, pairs, mirrored, way)
                                                       : forward_blocked(feats, filled_weight(oriented(weight_any, way)), bias, pairs.view, mirrored);
  return unfilled(out, weight_any.size(way == Way::there ? 2 : 1));
}

at::Tensor weight_grad_tiled(const at::Tensor& feats, const at::Tensor& grad, const Pairs& pairs) {
  const OnDevice on(feats);
  const PairsByTap lists = pairs_by_tap(pairs);
  const int64_t in_channels = feats.size(1), out_channels = grad.size(1), count = pairs.pairs.size(1), taps = pairs.view.taps;
  const int64_t length = conv_slice_length(count, taps, in_channels, out_channels), slices = count == 0 ? 0 : count / length + taps;
  // A tap of one slice needs no sum.
  const at::Tensor partial = at::empty({length >= count ? 0 : slices, in_channels, out_channels}, feats.options().dtype(at::kFloat));
  at::Tensor total = at::empty({taps, in_channels, out_channels}, feats.options());
  C10_CUDA_CHECK(conv_weight_grad_sm90({lists.view, feats.const_data_ptr(), grad.const_data_ptr(), partial.mutable_data_ptr<float>(),
                                        total.mutable_data_ptr(), length, slices, in_channels, out_channels},
                                       on.stream()));
  return total;
}

at::Tensor weight_grad_blocked(const at::Tensor& feats, const at::Tensor& grad, const ConvPairs& pairs) {
  const OnDevice on(feats);
  const int64_t slices = conv_weight_slices(pairs.rows, pairs.taps, feats.size(1), grad.size(1));
  at::Tensor partial = at::empty({slices, pairs.taps, feats.size(1), grad.size(1)}, feats.options().dtype(sum_type(feats)));
  conv_weight_grad(element_of("sparse_conv", feats),
                   {pairs, feats.const_data_ptr(), grad.const_data_ptr(), partial.mutable_data_ptr(), slices, feats.size(1), grad.size(1)},
                   on.stream());
  on.launched();
  return slices == 1 ? partial[0] : partial.sum(0);
}

at::Tensor weight_grad_of(const at::Tensor& feats_any, const at::Tensor& grad_any, const Pairs& pairs) {
  const at::Tensor feats = filled(feats_any), grad = filled(grad_any);
  const at::Tensor total = tiled(feats, pairs.view.taps) ? weight_grad_tiled(feats, grad, pairs) : weight_grad_blocked(feats, grad, pairs.view);
  return total.narrow(1, 0, feats_any.size(1)).narrow(2, 0, grad_any.size(1)).to(feats.scalar_type()).contiguous();
}

at::Tensor conv_op(const at::Tensor& feats, const at::Tensor& weight, const OptionalTensor& bias, const at::Tensor& pairs, const at::Tensor& starts,
                   const OptionalTensor& pairs_back, const OptionalTensor& starts_back, int64_t rows, const OptionalTensor& residual) {
  check_operands(feats, weight, bias);
  check_conv_rows(feats, pairs_back, starts_back, rows);
  check_conv_residual(feats, weight, rows, residual);
  check_device("sparse_conv", feats, {{"residual", residual.value_or(at::Tensor())}});
  const at::Tensor out = forward(feats, weight, bias, checked_pairs("pairs", pairs, starts, weight.size(0), feats, rows), false, Way::there);
  return residual.has_value() ? at::add(*residual, out) : out;
}

std::tuple<at::Tensor, at::Tensor> backward_op(const at::Tensor& out_grad, const at::Tensor& feats, const at::Tensor& weight, const at::Tensor& pairs,
                                               const at::Tensor& starts, const OptionalTensor& pairs_back, const OptionalTensor& starts_back,
                                               bool feats_wanted, bool weight_wanted) {
  check_operands(feats, weight, std::nullopt);
  check_conv_grad(out_grad, feats, weight);
  check_device("sparse_conv_backward", feats, {{"out_grad", out_grad}});
  const int64_t rows = out_grad.size(0), taps = weight.size(0);
  const Pairs there = checked_pairs("pairs", pairs, starts, taps, feats, rows);
  at::Tensor feats_grad, weight_grad;
  if (feats_wanted) {
    const Pairs back = pairs_back.has_value() ? checked_pairs("pairs_back", *pairs_back, *starts_back, taps, feats, feats.size(0)) : there;
    feats_grad = forward(out_grad, weight, std::nullopt, back, !pairs_back.has_value(), Way::back);
  }
  if (weight_wanted) weight_grad = weight_grad_of(feats, out_grad, there);
  return {feats_grad, weight_grad};
}

}  // namespace
}  // namespace earthcraft::gpu

TORCH_LIBRARY_IMPL(earthcraft, CUDA, m) {
  using namespace earthcraft::gpu;
  m.impl("sparse_conv", &conv_op);
  m.impl("sparse_conv_backward", &backward_op);
}
