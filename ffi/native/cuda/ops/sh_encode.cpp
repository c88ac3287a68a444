// sh_encode on CUDA: see ops/sh_encode.cpp.

#include "ops/sh_encode.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include "cuda/sh_encode.h"
#include "launch.h"

namespace earthcraft {
namespace {

at::Tensor sh_encode(const at::Tensor& directions_N3, int64_t degrees) {
  check_sh_encode("sh_encode", directions_N3, degrees);
  const OnDevice on(directions_N3);
  const at::Tensor directions = directions_N3.contiguous();
  at::Tensor out = at::empty({degrees * degrees, directions.size(0)}, directions.options());
  const auto run = [&](auto zero) {
    using T = decltype(zero);
    gpu::sh_encode(directions.const_data_ptr<T>(), directions.size(0), static_cast<int>(degrees), out.mutable_data_ptr<T>(), on.stream());
  };
  directions.scalar_type() == at::kFloat ? run(0.0f) : run(0.0);
  on.launched();
  return out.t();
}

at::Tensor sh_encode_backward(const at::Tensor& out_grad, const at::Tensor& directions_N3, int64_t degrees) {
  check_sh_encode("sh_encode_backward", directions_N3, degrees);
  check_sh_grad(out_grad, directions_N3, degrees);
  check_device("sh_encode_backward", directions_N3, {{"out_grad", out_grad}});
  const OnDevice on(directions_N3);
  const at::Tensor directions = directions_N3.contiguous(), grad = out_grad.t().contiguous();
  at::Tensor out = at::empty(directions.sizes(), directions.options());
  const auto run = [&](auto zero) {
    using T = decltype(zero);
    gpu::sh_encode_backward(grad.const_data_ptr<T>(), directions.const_data_ptr<T>(), directions.size(0), static_cast<int>(degrees),
                            out.mutable_data_ptr<T>(), on.stream());
  };
  directions.scalar_type() == at::kFloat ? run(0.0f) : run(0.0);
  on.launched();
  return out;
}

}  // namespace

TORCH_LIBRARY_IMPL(earthcraft, CUDA, m) {
  m.impl("sh_encode", &sh_encode);
  m.impl("sh_encode_backward", &sh_encode_backward);
}

}  // namespace earthcraft
