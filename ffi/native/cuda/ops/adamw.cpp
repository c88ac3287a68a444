// adamw_ on a GPU: the twin of ops/adamw.cpp. The norm of all gradients is read back, because nothing may be written when it is not finite.

#include "../adamw.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <torch/library.h>

#include <cmath>
#include <tuple>
#include <vector>

#include "../../ops/adamw_lists.h"
#include "launch.h"

namespace earthcraft::gpu {
namespace {

std::tuple<double, bool> adamw_op(at::TensorList params, at::TensorList grads, at::TensorList exp_avgs, at::TensorList exp_avg_sqs,
                                  at::TensorList emas, double lr, double beta1, double beta2, double eps, double weight_decay, double clip,
                                  double ema_decay, int64_t step, int64_t seed) {
  const AdamwLists lists(params, grads, exp_avgs, exp_avg_sqs, emas, beta1, beta2, step);
  if (params.empty()) return {0.0, true};
  std::vector<AdamwTensors> tensors;
  int64_t pieces = 0;
  for (size_t p = 0; p < params.size(); ++p) {
    const int64_t count = params[p].numel();
    if (count == 0) continue;
    tensors.push_back({params[p].mutable_data_ptr<float>(), lists.gradients[p].const_data_ptr<float>(), exp_avgs[p].mutable_data_ptr(),
                       exp_avg_sqs[p].mutable_data_ptr(), emas.empty() ? nullptr : emas[p].mutable_data_ptr<float>(), count, rounding_index(step, p),
                       pieces});
    pieces += (count + kAdamwPiece - 1) / kAdamwPiece;
  }
  if (tensors.empty()) return {0.0, true};
  const OnDevice on(params[0]);
  const auto bytes = static_cast<int64_t>(tensors.size() * sizeof(AdamwTensors));
  const at::Tensor table = at::from_blob(tensors.data(), {bytes}, at::TensorOptions().dtype(at::kByte)).to(params[0].device());
  const auto* there = static_cast<const AdamwTensors*>(table.const_data_ptr());
  const auto count = static_cast<int64_t>(tensors.size());

  at::Tensor squares = at::empty({pieces}, params[0].options().dtype(at::kDouble));
  adamw_squares(there, count, pieces, squares.mutable_data_ptr<double>(), on.stream());
  on.launched();
  const at::Tensor summed = squares.cpu();
  double total = 0;
  for (int64_t i = 0; i < pieces; ++i) total += summed.const_data_ptr<double>()[i];
  const double norm = std::sqrt(total);
  if (!std::isfinite(norm)) return {norm, false};

  adamw_update(there, count, pieces, adamw_coefficients(norm, lr, beta1, beta2, eps, weight_decay, clip, ema_decay, step),
               lists.moments == at::kBFloat16, static_cast<uint64_t>(seed), on.stream());
  on.launched();
  for (const at::Tensor& param : params) param.unsafeGetTensorImpl()->bump_version();
  return {norm, true};
}

}  // namespace
}  // namespace earthcraft::gpu

TORCH_LIBRARY_IMPL(earthcraft, CUDA, m) { m.impl("adamw_", &earthcraft::gpu::adamw_op); }
