// splat_sh on CUDA: see ops/splat_sh.cpp.

#include "ops/splat_sh.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/library.h>

#include <optional>
#include <tuple>

#include "cuda/splat_sh.h"
#include "launch.h"

namespace earthcraft {
namespace {

using OptionalTensor = std::optional<at::Tensor>;

struct Arguments {
  at::Tensor means, sh, views;
  int64_t view_count;
  const gpu::ShView* view() const { return static_cast<const gpu::ShView*>(views.const_data_ptr()); }
};

Arguments read_arguments(const char* op, const at::Tensor& means_M3, const at::Tensor& sh_MK3, const at::Tensor& viewmats_V44,
                         const OptionalTensor& ranges_V2) {
  TORCH_CHECK(means_M3.is_cuda(), op, ": means lies on ", means_M3.device(), ", another tensor on a GPU");
  check_device(op, means_M3, {{"sh", sh_MK3}});
  const ShViews read = read_sh(op, means_M3, sh_MK3, viewmats_V44, ranges_V2);
  const auto count = static_cast<int64_t>(read.first.size());
  const at::Tensor views = at::empty({count, sizeof(gpu::ShView)}, at::TensorOptions().dtype(at::kByte));
  auto* view = static_cast<gpu::ShView*>(views.data_ptr());
  for (int64_t v = 0; v < count; ++v) {
    for (int axis = 0; axis < 3; ++axis) view[v].centre[axis] = read.centre[3 * v + axis];
    view[v].first = read.first[v];
    view[v].end = read.first[v] + read.seen[v];
  }
  return {means_M3.contiguous(), sh_MK3.contiguous(), views.to(means_M3.device(), at::kByte, /*non_blocking=*/true), count};
}

at::Tensor splat_sh(const at::Tensor& means_M3, const at::Tensor& sh_MK3, const at::Tensor& viewmats_V44, const OptionalTensor& ranges_V2) {
  const Arguments a = read_arguments("splat_sh", means_M3, sh_MK3, viewmats_V44, ranges_V2);
  const OnDevice on(means_M3);
  const int64_t m = a.means.size(0), k = a.sh.size(1);
  at::Tensor colors = at::empty({a.view_count, m, 3}, a.means.options());
  const auto run = [&](auto zero) {
    using T = decltype(zero);
    gpu::splat_sh(a.view(), a.view_count, a.means.const_data_ptr<T>(), a.sh.const_data_ptr<T>(), m, k, colors.data_ptr<T>(), on.stream());
  };
  a.means.scalar_type() == at::kFloat ? run(0.0f) : run(0.0);
  on.launched();
  return colors;
}

std::tuple<at::Tensor, at::Tensor> splat_sh_backward(const at::Tensor& grad_VM3, const at::Tensor& means_M3, const at::Tensor& sh_MK3,
                                                     const at::Tensor& viewmats_V44, const OptionalTensor& ranges_V2) {
  const Arguments a = read_arguments("splat_sh_backward", means_M3, sh_MK3, viewmats_V44, ranges_V2);
  check_device("splat_sh_backward", means_M3, {{"grad", grad_VM3}});
  const OnDevice on(means_M3);
  const at::Tensor grad = grad_VM3.contiguous();
  at::Tensor means_grad = at::empty_like(a.means), sh_grad = at::empty_like(a.sh);
  const auto run = [&](auto zero) {
    using T = decltype(zero);
    gpu::splat_sh_backward(a.view(), a.view_count, grad.const_data_ptr<T>(), a.means.const_data_ptr<T>(), a.sh.const_data_ptr<T>(), a.means.size(0),
                           a.sh.size(1), means_grad.data_ptr<T>(), sh_grad.data_ptr<T>(), on.stream());
  };
  a.means.scalar_type() == at::kFloat ? run(0.0f) : run(0.0);
  on.launched();
  return {means_grad, sh_grad};
}

}  // namespace

TORCH_LIBRARY_IMPL(earthcraft, CUDA, m) {
  m.impl("splat_sh", &splat_sh);
  m.impl("splat_sh_backward", &splat_sh_backward);
}

}  // namespace earthcraft
