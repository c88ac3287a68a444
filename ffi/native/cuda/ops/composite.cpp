// composite on CUDA: see ops/composite.cpp. Where rays start is not checked: that would make every call wait for the GPU.

#include "ops/composite.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <tuple>

#include "cuda/composite.h"
#include "launch.h"

namespace earthcraft {
namespace {

// Dense, colours by channel.
struct Packed {
  at::Tensor densities, colors, lengths, distances, starts;

  Packed(const char* op, const at::Tensor& densities_S, const at::Tensor& colors_SC, const at::Tensor& lengths_S, const at::Tensor& distances_S,
         const at::Tensor& starts_R, double least)
      : densities(densities_S.contiguous()),
        colors(colors_SC.t().contiguous()),
        lengths(lengths_S.contiguous()),
        distances(distances_S.contiguous()),
        starts(starts_R.contiguous()) {
    check_composite(op, densities_S, colors_SC, lengths_S, distances_S, starts_R, least);
    check_device(op, densities, {{"colors", colors}, {"lengths", lengths}, {"distances", distances}, {"starts", starts}});
  }
  int64_t rays() const { return starts.size(0) - 1; }
  int64_t samples() const { return densities.size(0); }
  int64_t channels() const { return colors.size(0); }

  template <typename T>
  gpu::PackedRays<T> there() const {
    return {densities.const_data_ptr<T>(),
            colors.const_data_ptr<T>(),
            lengths.const_data_ptr<T>(),
            distances.const_data_ptr<T>(),
            starts.const_data_ptr<int64_t>(),
            rays(),
            samples(),
            channels()};
  }
};

std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor> composite(const at::Tensor& densities_S, const at::Tensor& colors_SC,
                                                                     const at::Tensor& lengths_S, const at::Tensor& distances_S,
                                                                     const at::Tensor& starts, double least_light) {
  const Packed packed("composite", densities_S, colors_SC, lengths_S, distances_S, starts, least_light);
  const OnDevice on(densities_S);
  const at::TensorOptions options = densities_S.options();
  at::Tensor color = at::empty({packed.rays(), packed.channels()}, options), opacity = at::empty({packed.rays()}, options),
             depth = at::empty({packed.rays()}, options), weights = at::empty({packed.samples()}, options);
  const auto run = [&](auto zero) {
    using T = decltype(zero);
    gpu::composite(packed.there<T>(), static_cast<T>(least_light), color.mutable_data_ptr<T>(), opacity.mutable_data_ptr<T>(),
                   depth.mutable_data_ptr<T>(), weights.mutable_data_ptr<T>(), on.stream());
  };
  densities_S.scalar_type() == at::kFloat ? run(0.0f) : run(0.0);
  on.launched();
  return {color, opacity, depth, weights};
}

std::tuple<at::Tensor, at::Tensor> composite_backward(const at::Tensor& color_grad, const at::Tensor& opacity_grad, const at::Tensor& depth_grad,
                                                      const at::Tensor& weights_grad, const at::Tensor& densities_S, const at::Tensor& colors_SC,
                                                      const at::Tensor& lengths_S, const at::Tensor& distances_S, const at::Tensor& starts,
                                                      const at::Tensor& weights, double least_light) {
  const Packed packed("composite_backward", densities_S, colors_SC, lengths_S, distances_S, starts, least_light);
  check_composite_grads(color_grad, opacity_grad, depth_grad, weights_grad, densities_S, colors_SC, weights, starts);
  check_device(
      "composite_backward", densities_S,
      {{"color_grad", color_grad}, {"opacity_grad", opacity_grad}, {"depth_grad", depth_grad}, {"weights_grad", weights_grad}, {"weights", weights}});
  const OnDevice on(densities_S);
  const at::Tensor of_color = color_grad.contiguous(), of_opacity = opacity_grad.contiguous(), of_depth = depth_grad.contiguous(),
                   of_weights = weights_grad.contiguous(), saved = weights.contiguous();
  at::Tensor densities_grad = at::empty({packed.samples()}, densities_S.options()),
             colors_grad = at::empty({packed.channels(), packed.samples()}, densities_S.options());
  const auto run = [&](auto zero) {
    using T = decltype(zero);
    const RayGrads<T> grads{of_color.const_data_ptr<T>(), of_opacity.const_data_ptr<T>(), of_depth.const_data_ptr<T>(),
                            of_weights.const_data_ptr<T>()};
    gpu::composite_backward(packed.there<T>(), static_cast<T>(least_light), grads, saved.const_data_ptr<T>(), densities_grad.mutable_data_ptr<T>(),
                            colors_grad.mutable_data_ptr<T>(), on.stream());
  };
  densities_S.scalar_type() == at::kFloat ? run(0.0f) : run(0.0);
  on.launched();
  return {densities_grad, colors_grad.t()};
}

}  // namespace

TORCH_LIBRARY_IMPL(earthcraft, CUDA, m) {
  m.impl("composite", &composite);
  m.impl("composite_backward", &composite_backward);
}

}  // namespace earthcraft
