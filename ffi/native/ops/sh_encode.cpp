// Directions as real spherical harmonics, the input of view-dependent colour (Müller et al. 2022, section 5.4: degree 4, sixteen functions).
//
// Shapes:  directions_N3, unit vectors (the polynomials take any)   ->   [N, degrees * degrees], stored function by function

#include "sh_encode.h"

#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "../kernels/sh_basis.h"
#include "autocast.h"

namespace earthcraft {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kGrain = 1 << 12;

template <typename T>
void encode(const at::Tensor& directions, int degrees, const at::Tensor& out) {
  const int64_t n = directions.size(0);
  const T* from = directions.const_data_ptr<T>();
  T* to = out.mutable_data_ptr<T>();
  at::parallel_for(0, n, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      sh_basis(degrees, from[3 * i], from[3 * i + 1], from[3 * i + 2], [&](int k, T value, T, T, T) { to[k * n + i] = value; });
  });
}

template <typename T>
void backward(const at::Tensor& grad, const at::Tensor& directions, int degrees, const at::Tensor& out) {
  const int64_t n = directions.size(0);
  const T *from = directions.const_data_ptr<T>(), *slope = grad.const_data_ptr<T>();
  T* to = out.mutable_data_ptr<T>();
  at::parallel_for(0, n, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      T sums[3] = {};
      sh_basis(degrees, from[3 * i], from[3 * i + 1], from[3 * i + 2], [&](int k, T, T dx, T dy, T dz) {
        const T g = slope[k * n + i];
        sums[0] += g * dx, sums[1] += g * dy, sums[2] += g * dz;
      });
      for (int axis = 0; axis < 3; ++axis) to[3 * i + axis] = sums[axis];
    }
  });
}

at::Tensor sh_encode_op(const at::Tensor& directions_N3, int64_t degrees) {
  check_sh_encode("sh_encode", directions_N3, degrees);
  const at::Tensor directions = directions_N3.contiguous();
  at::Tensor out = at::empty({degrees * degrees, directions.size(0)}, directions.options());
  directions.scalar_type() == at::kFloat ? encode<float>(directions, static_cast<int>(degrees), out)
                                         : encode<double>(directions, static_cast<int>(degrees), out);
  return out.t();
}

at::Tensor sh_encode_backward_op(const at::Tensor& out_grad, const at::Tensor& directions_N3, int64_t degrees) {
  check_sh_encode("sh_encode_backward", directions_N3, degrees);
  check_sh_grad(out_grad, directions_N3, degrees);
  const at::Tensor directions = directions_N3.contiguous(), grad = out_grad.t().contiguous();
  at::Tensor out = at::empty(directions.sizes(), directions.options());
  directions.scalar_type() == at::kFloat ? backward<float>(grad, directions, static_cast<int>(degrees), out)
                                         : backward<double>(grad, directions, static_cast<int>(degrees), out);
  return out;
}

struct ShEncode : torch::autograd::Function<ShEncode> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& directions, int64_t degrees) {
    static const auto op = c10::Dispatcher::singleton().findSchemaOrThrow("earthcraft::sh_encode", "").typed<decltype(sh_encode_op)>();
    at::AutoDispatchBelowADInplaceOrView below;
    ctx->save_for_backward({directions});
    ctx->saved_data["degrees"] = degrees;
    return op.call(directions, degrees);
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    TORCH_CHECK(!at::GradMode::is_enabled(), "sh_encode: its gradient cannot be differentiated again (create_graph)");
    static const auto op =
        c10::Dispatcher::singleton().findSchemaOrThrow("earthcraft::sh_encode_backward", "").typed<decltype(sh_encode_backward_op)>();
    return {op.call(grads[0], ctx->get_saved_variables()[0], ctx->saved_data["degrees"].toInt()), at::Tensor()};
  }
};

at::Tensor sh_encode_autograd(const at::Tensor& directions, int64_t degrees) { return ShEncode::apply(directions, degrees); }

template <c10::DeviceType device>
at::Tensor sh_encode_autocast(const at::Tensor& directions, int64_t degrees) {
  static const auto op = c10::Dispatcher::singleton().findSchemaOrThrow("earthcraft::sh_encode", "").typed<decltype(sh_encode_op)>();
  const NoAutocast<device> off;
  return op.call(at_least_f32(directions), degrees);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(earthcraft, m) {
  m.def("sh_encode(Tensor directions, int degrees=4) -> Tensor");
  m.def("sh_encode_backward(Tensor out_grad, Tensor directions, int degrees) -> Tensor");
}
TORCH_LIBRARY_IMPL(earthcraft, CPU, m) {
  m.impl("sh_encode", &sh_encode_op);
  m.impl("sh_encode_backward", &sh_encode_backward_op);
}
TORCH_LIBRARY_IMPL(earthcraft, Autograd, m) { m.impl("sh_encode", &sh_encode_autograd); }
TORCH_LIBRARY_IMPL(earthcraft, AutocastCPU, m) { m.impl("sh_encode", &sh_encode_autocast<c10::DeviceType::CPU>); }
TORCH_LIBRARY_IMPL(earthcraft, AutocastCUDA, m) { m.impl("sh_encode", &sh_encode_autocast<c10::DeviceType::CUDA>); }

}  // namespace earthcraft
