// AdamW over lists of tensors in one pass: gradient norm, clipping, the update, and the exponential moving average.
//
// Decoupled weight decay (Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019), in the order of PyTorch's AdamW; clipping by
// the norm of all gradients together, as clip_grad_norm_. When a gradient is not finite nothing is written.

#include "../kernels/adamw.h"

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <torch/library.h>

#include <cmath>
#include <tuple>
#include <vector>

#include "philox.h"

namespace earthcraft {
namespace {

constexpr int64_t kPiece = 1 << 14;          // elements that a thread takes at a time
constexpr uint32_t kRoundingPurpose = 6;     // random.ts: stochasticRounding
constexpr int64_t kMaxParameters = 1 << 20;  // in the random stream's index beside the step

struct Piece {
  size_t parameter;
  int64_t begin, count;
};

std::vector<Piece> cut(at::TensorList params) {
  std::vector<Piece> pieces;
  for (size_t p = 0; p < params.size(); ++p)
    for (int64_t begin = 0; begin < params[p].numel(); begin += kPiece) pieces.push_back({p, begin, std::min(kPiece, params[p].numel() - begin)});
  return pieces;
}

void check_list(const char* name, at::TensorList list, at::TensorList params, at::ScalarType dtype) {
  TORCH_CHECK(list.size() == params.size(), "adamw_: ", name, " has ", list.size(), " tensors, params ", params.size());
  for (size_t i = 0; i < list.size(); ++i) {
    TORCH_CHECK(list[i].sizes() == params[i].sizes(), "adamw_: ", name, "[", i, "] has shape ", list[i].sizes(), ", its parameter ",
                params[i].sizes());
    TORCH_CHECK(list[i].scalar_type() == dtype, "adamw_: ", name, "[", i, "] must be ", dtype, ", got ", list[i].scalar_type());
    TORCH_CHECK(list[i].is_contiguous(), "adamw_: ", name, "[", i, "] must be contiguous");
  }
}

template <typename T>
T* data(const at::Tensor& tensor, const Piece& piece) {
  return static_cast<T*>(tensor.mutable_data_ptr()) + piece.begin;
}

}  // namespace

// Returns the norm of all gradients before clipping, and whether it is finite.
std::tuple<double, bool> adamw_(at::TensorList params, at::TensorList grads, at::TensorList exp_avgs, at::TensorList exp_avg_sqs, at::TensorList emas,
                                double lr, double beta1, double beta2, double eps, double weight_decay, double clip, double ema_decay, int64_t step,
                                int64_t seed) {
  TORCH_CHECK(step >= 1, "adamw_: step counts from 1, got ", step);
  TORCH_CHECK(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1, "adamw_: betas must lie in [0, 1), got ", beta1, " and ", beta2);
  TORCH_CHECK(static_cast<int64_t>(params.size()) < kMaxParameters, "adamw_: ", params.size(), " parameters");
  if (params.empty()) return {0.0, true};
  const at::ScalarType moments = exp_avgs.empty() ? at::kFloat : exp_avgs[0].scalar_type();
  TORCH_CHECK(moments == at::kFloat || moments == at::kBFloat16, "adamw_: exp_avgs must be f32 or bf16, got ", moments);
  check_list("params", params, params, at::kFloat);
  std::vector<at::Tensor> gradients;
  for (const at::Tensor& grad : grads) gradients.push_back(grad.contiguous());
  check_list("grads", gradients, params, at::kFloat);
  check_list("exp_avgs", exp_avgs, params, moments);
  check_list("exp_avg_sqs", exp_avg_sqs, params, moments);
  if (!emas.empty()) check_list("emas", emas, params, at::kFloat);

  const std::vector<Piece> pieces = cut(params);
  const auto count = static_cast<int64_t>(pieces.size());
  std::vector<double> squares(pieces.size());
  const auto sum_of_squares = EC_KERNEL(sum_of_squares);
  at::parallel_for(0, count, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      squares[i] = sum_of_squares(gradients[pieces[i].parameter].const_data_ptr<float>() + pieces[i].begin, pieces[i].count);
  });
  double total = 0;
  for (const double square : squares) total += square;
  const double norm = std::sqrt(total);
  if (!std::isfinite(norm)) return {norm, false};

  AdamwCoefficients c;
  c.gradient_scale = clip > 0 ? static_cast<float>(std::min(1.0, clip / (norm + 1e-6))) : 1.0f;
  c.keep = static_cast<float>(1 - lr * weight_decay);
  c.beta1 = static_cast<float>(beta1);
  c.beta2 = static_cast<float>(beta2);
  c.step_size = static_cast<float>(lr / (1 - std::pow(beta1, static_cast<double>(step))));
  c.inverse_root_correction = static_cast<float>(1 / std::sqrt(1 - std::pow(beta2, static_cast<double>(step))));
  c.eps = static_cast<float>(eps);
  c.ema_decay = static_cast<float>(ema_decay);
  const auto f32 = EC_KERNEL(adamw_f32);
  const auto bf16 = EC_KERNEL(adamw_bf16);
  at::parallel_for(0, count, 1, [&](int64_t begin, int64_t end) {
    std::vector<uint32_t> random(moments == at::kBFloat16 ? static_cast<size_t>(kPiece) : 0);
    for (int64_t i = begin; i < end; ++i) {
      const Piece& piece = pieces[i];
      const size_t p = piece.parameter;
      float* ema = emas.empty() ? nullptr : data<float>(emas[p], piece);
      const float* gradient = gradients[p].const_data_ptr<float>() + piece.begin;
      if (moments == at::kFloat) {
        f32(c, data<float>(params[p], piece), gradient, data<float>(exp_avgs[p], piece), data<float>(exp_avg_sqs[p], piece), ema, piece.count);
        continue;
      }
      const PhiloxStream stream{static_cast<uint64_t>(seed), kRoundingPurpose, static_cast<uint64_t>(step) * kMaxParameters + p};
      for (int64_t block = 0; 4 * block < piece.count; ++block) {
        const Words4 words = stream.block(static_cast<uint32_t>(piece.begin / 4 + block));
        std::copy(words.begin(), words.end(), random.begin() + 4 * block);
      }
      bf16(c, data<float>(params[p], piece), gradient, data<uint16_t>(exp_avgs[p], piece), data<uint16_t>(exp_avg_sqs[p], piece), ema, random.data(),
           piece.count);
    }
  });
  for (const at::Tensor& param : params) param.unsafeGetTensorImpl()->bump_version();
  return {norm, true};
}

TORCH_LIBRARY_FRAGMENT(earthcraft, m) {
  m.def(
      "adamw_(Tensor(a!)[] params, Tensor[] grads, Tensor(b!)[] exp_avgs, Tensor(c!)[] exp_avg_sqs, Tensor(d!)[] emas, *, float lr, float beta1, "
      "float beta2, "
      "float eps, float weight_decay, float clip, float ema_decay, int step, int seed=0) -> (float norm, bool finite)");
}
TORCH_LIBRARY_IMPL(earthcraft, CPU, m) { m.impl("adamw_", &adamw_); }

}  // namespace earthcraft
