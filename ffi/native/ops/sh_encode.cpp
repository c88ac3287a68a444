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

#include <type_traits>

#include "../kernels/sh_basis.h"
#include "autocast.h"

namespace earthcraft {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kGrain = 1 << 12;

// Directions [begin, end). The number of degrees is the compiler's to know: the loop becomes one of vectors.
template <int degrees, typename T>
void encode_range(const T* from, int64_t n, int64_t begin, int64_t end, T* to) {
#pragma omp simd
  for (int64_t i = begin; i < end; ++i)
    sh_basis(degrees, from[3 * i], from[3 * i + 1], from[3 * i + 2], [&](int k, T value, T, T, T) { to[k * n + i] = value; });
}

template <int degrees, typename T>
void backward_range(const T* from, const T* slope, int64_t n, int64_t begin, int64_t end, T* to) {
#pragma omp simd
  for (int64_t i = begin; i < end; ++i) {
    T x = 0, y = 0, z = 0;
    sh_basis(degrees, from[3 * i], from[3 * i + 1], from[3 * i + 2], [&](int k, T, T dx, T dy, T dz) {
      const T g = slope[k * n + i];
      x += g * dx, y += g * dy, z += g * dz;
    });
    to[3 * i] = x, to[3 * i + 1] = y, to[3 * i + 2] = z;
  }
}

// body(the degrees as a type) for ranges of directions
template <typename Body>
void each_range(int64_t degrees, int64_t n, const Body& body) {
  at::parallel_for(0, n, kGrain, [&](int64_t begin, int64_t end) {
    switch (degrees) {
      case 1:
        return body(std::integral_constant<int, 1>(), begin, end);
      case 2:
        return body(std::integral_constant<int, 2>(), begin, end);
      case 3:
        return body(std::integral_constant<int, 3>(), begin, end);
      default:
        return body(std::integral_constant<int, 4>(), begin, end);
    }
  });
}

template <typename T>
void encode(const at::Tensor& directions, int64_t degrees, const at::Tensor& out) {
  const int64_t n = directions.size(0);
  each_range(degrees, n, [&](auto count, int64_t begin, int64_t end) {
    encode_range<decltype(count)::value>(directions.const_data_ptr<T>(), n, begin, end, out.mutable_data_ptr<T>());
  });
}

template <typename T>
void backward(const at::Tensor& grad, const at::Tensor& directions, int64_t degrees, const at::Tensor& out) {
  const int64_t n = directions.size(0);
  each_range(degrees, n, [&](auto count, int64_t begin, int64_t end) {
    backward_range<decltype(count)::value>(directions.const_data_ptr<T>(), grad.const_data_ptr<T>(), n, begin, end, out.mutable_data_ptr<T>());
  });
}

at::Tensor sh_encode_op(const at::Tensor& directions_N3, int64_t degrees) {
  check_sh_encode("sh_encode", directions_N3, degrees);
  const at::Tensor directions = directions_N3.contiguous();
  at::Tensor out = at::empty({degrees * degrees, directions.size(0)}, directions.options());
  directions.scalar_type() == at::kFloat ? encode<float>(directions, degrees, out) : encode<double>(directions, degrees, out);
  return out.t();
}

at::Tensor sh_encode_backward_op(const at::Tensor& out_grad, const at::Tensor& directions_N3, int64_t degrees) {
  check_sh_encode("sh_encode_backward", directions_N3, degrees);
  check_sh_grad(out_grad, directions_N3, degrees);
  const at::Tensor directions = directions_N3.contiguous(), grad = out_grad.t().contiguous();
  at::Tensor out = at::empty(directions.sizes(), directions.options());
  directions.scalar_type() == at::kFloat ? backward<float>(grad, directions, degrees, out) : backward<double>(grad, directions, degrees, out);
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
