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

#include "adamw_lists.h"
#include "philox.h"

namespace earthcraft {
namespace {

constexpr int64_t kPiece = 1 << 14;  // elements that a thread takes at a time

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

template <typename T>
T* data(const at::Tensor& tensor, const Piece& piece) {
  return static_cast<T*>(tensor.mutable_data_ptr()) + piece.begin;
}

}  // namespace

// Returns the norm of all gradients before clipping, and whether it is finite.
std::tuple<double, bool> adamw_(at::TensorList params, at::TensorList grads, at::TensorList exp_avgs, at::TensorList exp_avg_sqs, at::TensorList emas,
                                double lr, double beta1, double beta2, double eps, double weight_decay, double clip, double ema_decay, int64_t step,
                                int64_t seed) {
  const AdamwLists lists(params, grads, exp_avgs, exp_avg_sqs, emas, beta1, beta2, step);
  if (params.empty()) return {0.0, true};
  const std::vector<at::Tensor>& gradients = lists.gradients;
  const at::ScalarType moments = lists.moments;

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

  const AdamwCoefficients c = adamw_coefficients(norm, lr, beta1, beta2, eps, weight_decay, clip, ema_decay, step);
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
      const PhiloxStream stream{static_cast<uint64_t>(seed), kRoundingPurpose, rounding_index(step, p)};
      for (int64_t block = 0; 4 * block < piece.count; ++block) {
        const Words4 words = stream.block(static_cast<uint32_t>(piece.begin / 4 + block));
        std::copy(words.word, words.word + 4, random.begin() + 4 * block);
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
