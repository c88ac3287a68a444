// Volume rendering of packed samples: what rays see, from the densities and colours of their samples. Each ray is one sum in one order.
//
//     weight_i = light_i (1 - exp(-density_i length_i)),   light_0 = 1,   light_{i+1} = light_i - weight_i
//
// Light ends with the sample after which less than `least_light` is left.
//
// Shapes:  densities_S (0 or more, a metre), colors_SC, lengths_S and distances_S (metres), starts i64 [rays + 1]: ray r has the samples
//          [starts[r], starts[r + 1])   ->   color_RC, opacity_R, depth_R (both weighted sums: divide by opacity for a mean), weights_S

#include "composite.h"

#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <tuple>

#include "autocast.h"

namespace earthcraft {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using Outputs = std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor>;

constexpr int64_t kGrain = 32;  // rays

void check_starts(const char* op, const at::Tensor& starts, int64_t samples) {
  const int64_t rays = starts.size(0) - 1;
  const int64_t* at = starts.const_data_ptr<int64_t>();
  TORCH_CHECK(at[0] == 0 && at[rays] == samples, op, ": starts must go from 0 to ", samples, ", got ", at[0], " to ", at[rays]);
  for (int64_t r = 0; r < rays; ++r) TORCH_CHECK(at[r] <= at[r + 1], op, ": starts must not fall, got ", at[r], " before ", at[r + 1], " at ray ", r);
}

// The samples, dense; colours by channel.
struct Packed {
  at::Tensor densities, colors, lengths, distances, starts;
  int64_t samples, channels, rays;

  Packed(const at::Tensor& densities_S, const at::Tensor& colors_SC, const at::Tensor& lengths_S, const at::Tensor& distances_S,
         const at::Tensor& starts_R)
      : densities(densities_S.contiguous()),
        colors(colors_SC.t().contiguous()),
        lengths(lengths_S.contiguous()),
        distances(distances_S.contiguous()),
        starts(starts_R.contiguous()),
        samples(densities_S.size(0)),
        channels(colors_SC.size(1)),
        rays(starts_R.size(0) - 1) {}

  template <typename T>
  RaySamples<T> ray(int64_t r) const {
    const int64_t first = starts.const_data_ptr<int64_t>()[r], count = starts.const_data_ptr<int64_t>()[r + 1] - first;
    return {densities.const_data_ptr<T>() + first,
            colors.const_data_ptr<T>() + first,
            lengths.const_data_ptr<T>() + first,
            distances.const_data_ptr<T>() + first,
            count,
            samples,
            channels};
  }
  int64_t first(int64_t r) const { return starts.const_data_ptr<int64_t>()[r]; }
};

template <typename T>
void forward(const Packed& packed, double least, const Outputs& out) {
  const auto& [color, opacity, depth, weights] = out;
  T *to_color = color.template mutable_data_ptr<T>(), *to_opacity = opacity.template mutable_data_ptr<T>(),
    *to_depth = depth.template mutable_data_ptr<T>(), *to_weights = weights.template mutable_data_ptr<T>();
  at::parallel_for(0, packed.rays, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r)
      composite_ray(packed.ray<T>(r), static_cast<T>(least), to_weights + packed.first(r), to_color + r * packed.channels, to_opacity + r,
                    to_depth + r);
  });
}

Outputs composite_op(const at::Tensor& densities_S, const at::Tensor& colors_SC, const at::Tensor& lengths_S, const at::Tensor& distances_S,
                     const at::Tensor& starts, double least_light) {
  check_composite("composite", densities_S, colors_SC, lengths_S, distances_S, starts, least_light);
  const Packed packed(densities_S, colors_SC, lengths_S, distances_S, starts);
  check_starts("composite", packed.starts, packed.samples);
  const at::TensorOptions options = densities_S.options();
  const Outputs out{at::empty({packed.rays, packed.channels}, options), at::empty({packed.rays}, options), at::empty({packed.rays}, options),
                    at::empty({packed.samples}, options)};
  densities_S.scalar_type() == at::kFloat ? forward<float>(packed, least_light, out) : forward<double>(packed, least_light, out);
  return out;
}

template <typename T>
void backward(const Packed& packed, double least, const Outputs& grads, const at::Tensor& weights, const at::Tensor& densities_grad,
              const at::Tensor& colors_grad) {
  const auto& [color, opacity, depth, of_weights] = grads;
  const T *color_at = color.template const_data_ptr<T>(), *opacity_at = opacity.template const_data_ptr<T>(),
          *depth_at = depth.template const_data_ptr<T>(), *of_weights_at = of_weights.template const_data_ptr<T>(),
          *weights_at = weights.const_data_ptr<T>();
  T *to_densities = densities_grad.mutable_data_ptr<T>(), *to_colors = colors_grad.mutable_data_ptr<T>();
  at::parallel_for(0, packed.rays, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const int64_t first = packed.first(r);
      composite_ray_backward(packed.ray<T>(r), static_cast<T>(least), weights_at + first,
                             {color_at + r * packed.channels, opacity_at + r, depth_at + r, of_weights_at + first}, to_densities + first,
                             to_colors + first);
    }
  });
}

std::tuple<at::Tensor, at::Tensor> composite_backward_op(const at::Tensor& color_grad, const at::Tensor& opacity_grad, const at::Tensor& depth_grad,
                                                         const at::Tensor& weights_grad, const at::Tensor& densities_S, const at::Tensor& colors_SC,
                                                         const at::Tensor& lengths_S, const at::Tensor& distances_S, const at::Tensor& starts,
                                                         const at::Tensor& weights, double least_light) {
  check_composite("composite_backward", densities_S, colors_SC, lengths_S, distances_S, starts, least_light);
  check_composite_grads(color_grad, opacity_grad, depth_grad, weights_grad, densities_S, colors_SC, weights, starts);
  const Packed packed(densities_S, colors_SC, lengths_S, distances_S, starts);
  check_starts("composite_backward", packed.starts, packed.samples);
  const Outputs grads{color_grad.contiguous(), opacity_grad.contiguous(), depth_grad.contiguous(), weights_grad.contiguous()};
  at::Tensor densities_grad = at::empty({packed.samples}, densities_S.options()),
             colors_grad = at::empty({packed.channels, packed.samples}, densities_S.options());
  const at::Tensor saved = weights.contiguous();
  densities_S.scalar_type() == at::kFloat ? backward<float>(packed, least_light, grads, saved, densities_grad, colors_grad)
                                          : backward<double>(packed, least_light, grads, saved, densities_grad, colors_grad);
  return {densities_grad, colors_grad.t()};
}

struct Composite : torch::autograd::Function<Composite> {
  static variable_list forward(AutogradContext* ctx, const at::Tensor& densities, const at::Tensor& colors, const at::Tensor& lengths,
                               const at::Tensor& distances, const at::Tensor& starts, double least_light) {
    static const auto op = c10::Dispatcher::singleton().findSchemaOrThrow("earthcraft::composite", "").typed<decltype(composite_op)>();
    at::AutoDispatchBelowADInplaceOrView below;
    const auto [color, opacity, depth, weights] = op.call(densities, colors, lengths, distances, starts, least_light);
    ctx->save_for_backward({densities, colors, lengths, distances, starts, weights});
    ctx->saved_data["least_light"] = least_light;
    return {color, opacity, depth, weights};
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    TORCH_CHECK(!at::GradMode::is_enabled(), "composite: its gradient cannot be differentiated again (create_graph)");
    static const auto op =
        c10::Dispatcher::singleton().findSchemaOrThrow("earthcraft::composite_backward", "").typed<decltype(composite_backward_op)>();
    const variable_list s = ctx->get_saved_variables();
    const auto [densities_grad, colors_grad] =
        op.call(grads[0], grads[1], grads[2], grads[3], s[0], s[1], s[2], s[3], s[4], s[5], ctx->saved_data["least_light"].toDouble());
    return {densities_grad, colors_grad, at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

Outputs composite_autograd(const at::Tensor& densities, const at::Tensor& colors, const at::Tensor& lengths, const at::Tensor& distances,
                           const at::Tensor& starts, double least_light) {
  const variable_list out = Composite::apply(densities, colors, lengths, distances, starts, least_light);
  return {out[0], out[1], out[2], out[3]};
}

template <c10::DeviceType device>
Outputs composite_autocast(const at::Tensor& densities, const at::Tensor& colors, const at::Tensor& lengths, const at::Tensor& distances,
                           const at::Tensor& starts, double least_light) {
  static const auto op = c10::Dispatcher::singleton().findSchemaOrThrow("earthcraft::composite", "").typed<decltype(composite_op)>();
  const NoAutocast<device> off;
  return op.call(at_least_f32(densities), at_least_f32(colors), at_least_f32(lengths), at_least_f32(distances), starts, least_light);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(earthcraft, m) {
  m.def(
      "composite(Tensor densities, Tensor colors, Tensor lengths, Tensor distances, Tensor starts, float least_light=0.0001) -> (Tensor color, "
      "Tensor opacity, Tensor depth, Tensor weights)");
  m.def(
      "composite_backward(Tensor color_grad, Tensor opacity_grad, Tensor depth_grad, Tensor weights_grad, Tensor densities, Tensor colors, Tensor "
      "lengths, Tensor distances, Tensor starts, Tensor weights, float least_light) -> (Tensor densities_grad, Tensor colors_grad)");
}
TORCH_LIBRARY_IMPL(earthcraft, CPU, m) {
  m.impl("composite", &composite_op);
  m.impl("composite_backward", &composite_backward_op);
}
TORCH_LIBRARY_IMPL(earthcraft, Autograd, m) { m.impl("composite", &composite_autograd); }
TORCH_LIBRARY_IMPL(earthcraft, AutocastCPU, m) { m.impl("composite", &composite_autocast<c10::DeviceType::CPU>); }
TORCH_LIBRARY_IMPL(earthcraft, AutocastCUDA, m) { m.impl("composite", &composite_autocast<c10::DeviceType::CUDA>); }

}  // namespace earthcraft
